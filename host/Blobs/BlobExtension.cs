using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host;

/// <summary>Owns <see cref="BlobTriggerAttribute"/>.</summary>
internal sealed class BlobExtension(
    IConfiguration settings,
    StorageConnections connections,
    HostStorage storage,
    TimeProvider clock,
    IHostApplicationLifetime lifetime,
    ILoggerFactory logging) : ITriggerExtension, IDisposable
{
    private BlobsOptions? options;
    private SemaphoreSlim? slots;

    /// <inheritdoc/>
    public Type AttributeType => typeof(BlobTriggerAttribute);

    /// <inheritdoc/>
    public ITriggerBinding Bind(HostFunction function)
    {
        var trigger = (BlobTriggerAttribute)function.Trigger;
        try
        {
            var path = BlobPathPattern.Parse(SettingReferences.Fill(trigger.BlobPath, settings));
            var container = connections.GetBlobService(trigger.Connection).GetBlobContainerClient(path.Container);
            var poison = new PoisonQueue(connections.GetQueueService(trigger.Connection));
            var receipts = new BlobReceipts(storage, function, clock);
            var logger = logging.CreateLogger("Host.Triggers.Blobs");
            options ??= new BlobsOptions(settings);
            slots ??= new SemaphoreSlim(options.MaxDegreeOfParallelism);

            // Asked for here, so that a missing connection is an error of the start.
            _ = storage.Container;
            return new BlobBinding(function, path, dispatcher =>
            {
                var handler = new BlobHandler(function, dispatcher, receipts, poison, options, clock, lifetime.ApplicationStopping, logger);
                return new BlobListener(function, path, container, receipts, handler, slots, options, clock, lifetime, logger);
            });
        }
        catch (FormatException error)
        {
            throw function.Error($"parameter '{function.TriggerParameter.Name}': {error.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => slots?.Dispose();
}
