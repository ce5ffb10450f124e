using Azure.Core;
using Azure.Core.Pipeline;

namespace Larder.Registry.Tests.Storage;

/// <summary>Counts what is sent.</summary>
internal sealed class CountingTransport : HttpPipelineTransport
{
    private readonly HttpClientTransport _network = new();
    private int _requests;

    public int Requests => _requests;

    public override Request CreateRequest() => _network.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException();

    public override ValueTask ProcessAsync(HttpMessage message)
    {
        Interlocked.Increment(ref _requests);
        return _network.ProcessAsync(message);
    }
}
