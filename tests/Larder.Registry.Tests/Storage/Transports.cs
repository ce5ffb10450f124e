using Azure.Core;
using Azure.Core.Pipeline;

namespace Larder.Registry.Tests.Storage;

/// <summary>
/// A network that loses answers: what was sent arrives and is done, and the sender learns nothing of it. It then tries again.
/// </summary>
internal sealed class LossyTransport : HttpPipelineTransport
{
    private readonly HttpClientTransport _network = new();
    private int _toLose;

    /// <summary>How many answers were lost.</summary>
    public int Lost { get; private set; }

    /// <summary>Loses the answer to the next writes.</summary>
    public void LoseNext(int writes = 1) => _toLose = writes;

    public override Request CreateRequest() => _network.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException();

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        await _network.ProcessAsync(message);
        if (message.Request.Method == RequestMethod.Put && _toLose > 0)
        {
            _toLose--;
            Lost++;
            throw new IOException("The connection was closed before the answer came.");
        }
    }
}

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
