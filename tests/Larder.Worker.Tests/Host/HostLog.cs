using System.Text;

namespace Larder.Worker.Tests.Host;

/// <summary>What a process has said, for the message of a test that fails.</summary>
internal sealed class HostLog
{
    private readonly StringBuilder _text = new();
    private readonly List<(string Start, TaskCompletionSource<string> Found)> _awaited = [];

    /// <summary>Adds a line.</summary>
    public void Add(string? line)
    {
        lock (_text)
        {
            _text.AppendLine(line);
            foreach (var (start, found) in _awaited)
            {
                if (line?.StartsWith(start, StringComparison.Ordinal) == true)
                    found.TrySetResult(line[start.Length..]);
            }
        }
    }

    /// <summary>Waits for a line.</summary>
    /// <param name="start">How it begins.</param>
    /// <returns>The rest of it.</returns>
    public Task<string> NextAsync(string start)
    {
        var rest = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_text)
            _awaited.Add((start, rest));
        return rest.Task;
    }

    /// <inheritdoc />
    public override string ToString()
    {
        lock (_text)
            return _text.ToString();
    }
}
