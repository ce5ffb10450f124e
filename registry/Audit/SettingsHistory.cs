using System.Text.Json;
using Larder.Registry.Storage;

namespace Larder.Registry.Audit;

/// <summary>Records which settings hosts run with, each time that they differ from what was recorded last.</summary>
/// <param name="log">Where records are.</param>
/// <param name="time">Gives records their time.</param>
public sealed class SettingsHistory(AuditLog log, TimeProvider time)
{
    /// <summary>Records settings, unless they are what was recorded last. Of several hosts that start with the same at once, one does.</summary>
    /// <param name="settings">All of them, by name, without any secret.</param>
    /// <param name="who">Who made them so.</param>
    /// <param name="cancellationToken">Cancels the operation; the next call continues.</param>
    /// <returns>Whether a record was written.</returns>
    public async Task<bool> RecordAsync(IReadOnlyDictionary<string, string> settings, string who, CancellationToken cancellationToken = default)
    {
        var state = AuditValues.Of(settings);
        var backoff = new Backoff("the settings' history");
        while (true)
        {
            var newest = await log.NewestAsync(AuditSubject.Settings, cancellationToken);
            if (newest is not null)
                await log.EnsureAsync(newest);
            var (before, after) = AuditValues.Between(newest?.State?.Deserialize<System.Text.Json.Nodes.JsonObject>(), state);
            if (before is null && after is null)
                return false;
            var now = time.GetUtcNow();
            var record = new AuditRecord
            {
                Subject = AuditSubject.Settings,
                Revision = (newest?.Revision ?? 0) + 1,
                When = now < newest?.When ? newest.When : now,
                Who = who,
                What = "update",
                Before = before,
                After = after,
                State = JsonSerializer.SerializeToElement(state, RegistryJson.Options),
            };
            if (await log.TryAppendAsync(record, cancellationToken))
                return true;
            await backoff.NextAsync(cancellationToken);
        }
    }
}
