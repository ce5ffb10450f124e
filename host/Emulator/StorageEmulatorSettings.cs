using Larder.Host.Functions;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Emulator;

/// <summary>Where the storage emulator listens and keeps its data.</summary>
/// <param name="BlobPort">Setting <c>Azurite:BlobPort</c>, 10000 by default.</param>
/// <param name="QueuePort">Setting <c>Azurite:QueuePort</c>, 10001 by default.</param>
/// <param name="TablePort">Setting <c>Azurite:TablePort</c>, 10002 by default.</param>
/// <param name="Location">Setting <c>AzuriteLocation</c>; null for <c>.data/azurite</c> beside the node_modules folder that holds Azurite.</param>
internal sealed record StorageEmulatorSettings(int BlobPort, int QueuePort, int TablePort, string? Location)
{
    private const int DefaultBlobPort = 10000;
    private const int DefaultQueuePort = 10001;
    private const int DefaultTablePort = 10002;

    /// <summary>Every storage emulator's account; Microsoft publishes name and key.</summary>
    public const string Account = "devstoreaccount1";

    private const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// <summary>Whether the ports are those that <c>UseDevelopmentStorage=true</c> stands for.</summary>
    public bool HasDefaultPorts => (BlobPort, QueuePort, TablePort) == (DefaultBlobPort, DefaultQueuePort, DefaultTablePort);

    /// <summary>What <c>UseDevelopmentStorage=true</c> would mean with these ports.</summary>
    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={AccountKey};" +
        $"BlobEndpoint=http://127.0.0.1:{BlobPort}/{Account};QueueEndpoint=http://127.0.0.1:{QueuePort}/{Account};" +
        $"TableEndpoint=http://127.0.0.1:{TablePort}/{Account};";

    public static StorageEmulatorSettings From(IConfiguration configuration)
    {
        return new(
            Port("Azurite:BlobPort", DefaultBlobPort),
            Port("Azurite:QueuePort", DefaultQueuePort),
            Port("Azurite:TablePort", DefaultTablePort),
            configuration["AzuriteLocation"] is { Length: > 0 } location ? Path.GetFullPath(location) : null);

        int Port(string name, int otherwise) => configuration[name] is not { Length: > 0 } text
            ? otherwise
            : int.TryParse(text, out var port) && port is > 0 and <= 65535
                ? port
                : throw new SelfHostException($"{name} must be a port number from 1 to 65535; it is '{text}'.");
    }
}
