using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Larder.Inference.Rows;

namespace Larder.Orchestrations.Scoring.Rows;

/// <summary>Puts the rows of the result together: what is kept, the outputs, the version, the error.</summary>
internal sealed class ResultWriter
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ScoringPlan _plan;
    private readonly byte _delimiter;
    private readonly byte[] _version;
    private readonly byte[] _noOutputs;
    private readonly byte[][] _names;
    private readonly byte[] _versionName;
    private readonly byte[] _errorName;

    public ResultWriter(ScoringPlan plan, int version)
    {
        _plan = plan;
        _delimiter = (byte)plan.Delimiter;
        _version = Encoding.ASCII.GetBytes(version.ToString(CultureInfo.InvariantCulture));
        _noOutputs = new byte[plan.Outputs.Sum(output => output.Names.Count) + (plan.LabelColumn is null ? 0 : 1)];
        _noOutputs.AsSpan().Fill(_delimiter);
        _names = [.. plan.Outputs.Select(output => output.Names[0]).Concat(plan.LabelColumn is { } label ? [label] : []).Select(Name)];
        _versionName = Name(plan.VersionColumn);
        _errorName = Name(plan.ErrorColumn);
    }

    /// <summary>The header; nothing for JSON.</summary>
    public void WriteHeader(IBufferWriter<byte> destination)
    {
        if (!_plan.IsCsv)
            return;
        foreach (var name in _plan.Keep.Concat(_plan.Outputs.SelectMany(output => output.Names)).Concat(_plan.LabelColumn is { } label ? [label] : []).Append(_plan.VersionColumn))
        {
            DelimitedText.Write(Encoding.UTF8.GetBytes(name), _delimiter, destination);
            destination.Write([_delimiter]);
        }

        DelimitedText.Write(Encoding.UTF8.GetBytes(_plan.ErrorColumn), _delimiter, destination);
        destination.Write("\n"u8);
    }

    /// <summary>A row.</summary>
    /// <param name="kept">What <see cref="IDataRows.Keep"/> wrote.</param>
    /// <param name="texts">The outputs, one for each of the plan.</param>
    /// <param name="row">The row of these.</param>
    /// <param name="error">Why there are none; null when there are.</param>
    /// <param name="destination">Where to.</param>
    public void WriteRow(ReadOnlySpan<byte> kept, RowTexts[] texts, int row, string? error, IBufferWriter<byte> destination)
    {
        if (_plan.IsCsv)
            WriteFields(kept, texts, row, error, destination);
        else
            WriteObject(kept, texts, row, error, destination);
    }

    private void WriteFields(ReadOnlySpan<byte> kept, RowTexts[] texts, int row, string? error, IBufferWriter<byte> destination)
    {
        destination.Write(kept);
        if (error is null)
        {
            foreach (var text in texts)
            {
                destination.Write(text[row]);
                destination.Write([_delimiter]);
            }
        }
        else
        {
            destination.Write(_noOutputs);
        }

        destination.Write(_version);
        destination.Write([_delimiter]);
        if (error is not null)
            DelimitedText.Write(Encoding.UTF8.GetBytes(error), _delimiter, destination);
        destination.Write("\n"u8);
    }

    private void WriteObject(ReadOnlySpan<byte> kept, RowTexts[] texts, int row, string? error, IBufferWriter<byte> destination)
    {
        destination.Write("{"u8);
        destination.Write(kept);
        if (error is null)
        {
            for (var i = 0; i < texts.Length; i++)
            {
                destination.Write(_names[i]);
                destination.Write(texts[i][row]);
                destination.Write(","u8);
            }
        }

        destination.Write(_versionName);
        destination.Write(_version);
        if (error is not null)
        {
            destination.Write(","u8);
            destination.Write(_errorName);
            destination.Write(JsonSerializer.SerializeToUtf8Bytes(error, Json));
        }

        destination.Write("}\n"u8);
    }

    private static byte[] Name(string name) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(name, Json) + ":");
}

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
