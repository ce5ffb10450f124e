using System.Text.Json;
using Larder.Registry.Audit;

namespace Larder.Functions.Audit;

/// <summary>A change as the API shows it.</summary>
internal sealed record AuditView(
    string Id, DateTimeOffset When, string? Who, string What, string Subject, int Revision, JsonElement? Before, JsonElement? After)
{
    public static AuditView Of(AuditRecord record) =>
        new(record.Id, record.When, record.Who, record.What, record.Subject, record.Revision, record.Before, record.After);
}
