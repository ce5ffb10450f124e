using Larder.Contracts;
using Larder.Registry.Audit;

namespace Larder.Functions.Audit;

/// <summary>Maps audit records to what answers show.</summary>
internal static class AuditAnswers
{
    /// <summary>A record.</summary>
    public static AuditRecordDetails Of(AuditRecord record) => new()
    {
        Id = record.Id,
        When = record.When,
        Who = record.Who,
        What = record.What,
        Subject = record.Subject,
        Revision = record.Revision,
        Before = record.Before,
        After = record.After,
    };
}
