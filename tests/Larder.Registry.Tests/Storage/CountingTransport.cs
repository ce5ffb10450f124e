using Azure.Core;
using Azure.Core.Pipeline;

namespace Larder.Registry.Tests;

/// <summary>Counts what is sent.</summary>
internal sealed class CountingTransport : HttpPipelineTransport
{
    private readonly HttpClientTransport network = new();
    private int requests;

    public int Requests => requests;

    public override Request CreateRequest() => network.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException();

    public override ValueTask ProcessAsync(HttpMessage message)
    {
        Interlocked.Increment(ref requests);
        return network.ProcessAsync(message);
    }
}
