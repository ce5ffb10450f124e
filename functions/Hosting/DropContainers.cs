using Azure;
using Azure.Storage.Blobs;
using Larder.Registry.Ingestion;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Hosting;

/// <summary>
/// Creates the containers that people drop files into, so that the first drop on a fresh store finds them: nothing else would create them, and storage tools answer
/// 404. It runs in the background, and the readiness probe waits for it, since the server starts without storage too.
/// </summary>
public sealed partial class DropContainers(BlobServiceClient storage, TimeProvider time, ILogger<DropContainers> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private volatile bool _areThere;

    /// <summary>Whether they exist.</summary>
    public bool AreThere => _areThere;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var container in (string[])[BlobDatasets.Uploads, BlobDatasets.Scoring])
        {
            while (!await TryCreateAsync(container, stoppingToken))
                await Task.Delay(RetryDelay, time, stoppingToken);
        }
        _areThere = true;
    }

    private async Task<bool> TryCreateAsync(string container, CancellationToken cancellationToken)
    {
        try
        {
            // Nearly always they exist, and to be told so costs less than to be told that one cannot be created again.
            var drop = storage.GetBlobContainerClient(container);
            if (!await drop.ExistsAsync(cancellationToken))
                await drop.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 403)
        {
            // An identity that may only read and write blobs: the operator has to create them.
            LogForbidden(container);
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(exception, container);
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The container {Container} could not be created, since this server's identity may not create containers. Create it where it is missing.")]
    private partial void LogForbidden(string container);

    [LoggerMessage(2, LogLevel.Debug, "The container {Container} could not be created; the server retries.")]
    private partial void LogFailed(Exception exception, string container);
}
