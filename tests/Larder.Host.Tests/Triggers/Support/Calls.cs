using System.Threading.Channels;

namespace Larder.Host.Tests.Triggers.Support;

/// <summary>What a function under test was called with: it writes, the test reads.</summary>
/// <typeparam name="T">What it is told.</typeparam>
internal sealed class Calls<T>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly Channel<T> _channel = Channel.CreateUnbounded<T>();

    public void Add(T call) => Assert.True(_channel.Writer.TryWrite(call));

    /// <summary>Waits for the next call.</summary>
    public async Task<T> NextAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        return await _channel.Reader.ReadAsync(limit.Token);
    }

    /// <summary>Waits for the next calls.</summary>
    public async Task<List<T>> NextAsync(int count)
    {
        var calls = new List<T>();
        while (calls.Count < count)
            calls.Add(await NextAsync());
        return calls;
    }

    /// <summary>The calls that were not waited for.</summary>
    public List<T> Rest()
    {
        var calls = new List<T>();
        while (_channel.Reader.TryRead(out var call))
            calls.Add(call);
        return calls;
    }
}
