using System.Globalization;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Audit;

/// <summary>
/// Where records are. Each is there twice, so that both ways to ask are a list within one partition, the newest first: in the partition of its
/// subject, and in that of its month.
/// </summary>
internal static class AuditKeys
{
    // Of the year 9999, so that months count down.
    private const int LastMonth = 9999 * 12;

    public static readonly DocumentCollection<AuditRecord> Records = RegistryJson.Collection<AuditRecord>("audit");

    public static (string Partition, string Id) BySubject(AuditRecord record) => (AuditSubject.RootOf(record.Subject), Revision(record));

    // The subject tells records of the same moment apart, and keeps those of one change together.
    public static (string Partition, string Id) ByTime(AuditRecord record) => (
        Month(MonthOf(record.When)),
        string.Create(
            CultureInfo.InvariantCulture,
            $"{DateTime.MaxValue.Ticks - record.When.UtcTicks:D19}-{TextHash.Of(AuditSubject.RootOf(record.Subject))[..16]}-{Revision(record)}"));

    /// <summary>The partition of a month.</summary>
    public static string Month(int month) => $"month-{(LastMonth - month).ToString("D6", CultureInfo.InvariantCulture)}";

    /// <summary>A time's month: greater for later ones, without a gap.</summary>
    public static int MonthOf(DateTimeOffset time) => (time.UtcDateTime.Year * 12) + time.UtcDateTime.Month - 1;

    private static string Revision(AuditRecord record) => (int.MaxValue - record.Revision).ToString("D10", CultureInfo.InvariantCulture);
}
