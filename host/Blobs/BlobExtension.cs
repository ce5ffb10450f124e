using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Blobs;

/// <summary>Owns <see cref="BlobTriggerAttribute"/>.</summary>
internal sealed class BlobExtension(
    IConfiguration settings,
    StorageConnections connections,
    HostStorage storage,
    SelfHostOptions host,
    TimeProvider clock,
    IHostApplicationLifetime lifetime,
    ILoggerFactory logging) : ITriggerExtension, IDisposable
{
    private BlobsOptions? _options;
    private SemaphoreSlim? _slots;

    /// <inheritdoc/>
    public Type AttributeType => typeof(BlobTriggerAttribute);

    /// <inheritdoc/>
    public ITriggerBinding Bind(HostFunction function)
    {
        var trigger = (BlobTriggerAttribute)function.Trigger;
        try
        {
            var path = BlobPathPattern.Parse(SettingReferences.Fill(trigger.BlobPath, settings));
            if (trigger.Source == BlobTriggerSource.EventGrid)
                return new BlobBinding(function, path, createListener: null);
            var container = connections.GetBlobService(trigger.Connection).GetBlobContainerClient(path.Container);
            var poison = new PoisonQueue(connections.GetQueueService(trigger.Connection));
            var formerNames = host.FormerNames.Where(name => name.Value == function.Name).Select(name => name.Key);
            var receipts = new BlobReceipts(storage, function, formerNames, clock);
            var logger = logging.CreateLogger("Host.Triggers.Blobs");
            _options ??= new BlobsOptions(settings);
            _slots ??= new SemaphoreSlim(_options.MaxDegreeOfParallelism);

            // Asked for here, so that a missing connection is an error of the start.
            _ = storage.Container;
            return new BlobBinding(function, path, dispatcher =>
            {
                var handler = new BlobHandler(function, dispatcher, receipts, poison, _options, clock, logger, lifetime.ApplicationStopping);
                return new BlobListener(function, path, container, receipts, handler, _slots, _options, clock, lifetime, logger);
            });
        }
        catch (FormatException error)
        {
            throw function.Error($"parameter '{function.TriggerParameter.Name}': {error.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots?.Dispose();
}
