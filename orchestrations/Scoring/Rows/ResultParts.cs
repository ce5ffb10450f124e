using System.Buffers;

namespace Larder.Orchestrations.Scoring.Rows;

/// <summary>A chunk's result in parts: while one is being stored, the next is written.</summary>
/// <param name="store">Takes a part: its bytes, and whether it is the last.</param>
internal sealed class ResultParts(Func<ReadOnlyMemory<byte>, bool, Task> store) : IAsyncDisposable
{
    private const int PartBytes = 4 << 20;

    private ArrayBufferWriter<byte> _part = new(1 << 16);
    private ArrayBufferWriter<byte> _stored = new(1 << 16);
    private Task _storing = Task.CompletedTask;

    /// <summary>Where the next row goes, once there is room.</summary>
    public IBufferWriter<byte> Part => _part;

    /// <summary>Makes room for a row, if there is none.</summary>
    public ValueTask MakeRoomAsync() => _part.WrittenCount < PartBytes ? default : new ValueTask(NextAsync(isLast: false));

    /// <summary>Stores what is left; afterwards all of it is stored.</summary>
    public async Task FinishAsync()
    {
        if (_part.WrittenCount > 0)
            await NextAsync(isLast: true);
        await _storing;
    }

    /// <summary>Waits for what is being stored, whatever comes of it: who gave up has a reason already.</summary>
    public async ValueTask DisposeAsync() => await _storing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task NextAsync(bool isLast)
    {
        await _storing;
        (_part, _stored) = (_stored, _part);
        _part.ResetWrittenCount();
        _storing = store(_stored.WrittenMemory, isLast);
    }
}
