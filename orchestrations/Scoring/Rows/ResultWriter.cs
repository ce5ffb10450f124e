using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Larder.Inference;

namespace Larder.Orchestrations;

/// <summary>Puts the rows of the result together: what is kept, the outputs, the version, the error.</summary>
internal sealed class ResultWriter
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ScoringPlan plan;
    private readonly byte delimiter;
    private readonly byte[] version;
    private readonly byte[] noOutputs;
    private readonly byte[][] names;
    private readonly byte[] versionName;
    private readonly byte[] errorName;

    public ResultWriter(ScoringPlan plan, int version)
    {
        this.plan = plan;
        delimiter = (byte)plan.Delimiter;
        this.version = Encoding.ASCII.GetBytes(version.ToString(CultureInfo.InvariantCulture));
        noOutputs = new byte[plan.Outputs.Sum(output => output.Names.Count)];
        noOutputs.AsSpan().Fill(delimiter);
        names = [.. plan.Outputs.Select(output => Name(output.Names[0]))];
        versionName = Name(plan.VersionColumn);
        errorName = Name(plan.ErrorColumn);
    }

    /// <summary>The header; nothing for JSON.</summary>
    public void WriteHeader(IBufferWriter<byte> destination)
    {
        if (!plan.IsCsv)
            return;
        foreach (var name in plan.Keep.Concat(plan.Outputs.SelectMany(output => output.Names)).Append(plan.VersionColumn))
        {
            DelimitedText.Write(Encoding.UTF8.GetBytes(name), delimiter, destination);
            destination.Write([delimiter]);
        }

        DelimitedText.Write(Encoding.UTF8.GetBytes(plan.ErrorColumn), delimiter, destination);
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
        if (plan.IsCsv)
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
                destination.Write([delimiter]);
            }
        }
        else
        {
            destination.Write(noOutputs);
        }

        destination.Write(version);
        destination.Write([delimiter]);
        if (error is not null)
            DelimitedText.Write(Encoding.UTF8.GetBytes(error), delimiter, destination);
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
                destination.Write(names[i]);
                destination.Write(texts[i][row]);
                destination.Write(","u8);
            }
        }

        destination.Write(versionName);
        destination.Write(version);
        if (error is not null)
        {
            destination.Write(","u8);
            destination.Write(errorName);
            destination.Write(JsonSerializer.SerializeToUtf8Bytes(error, s_json));
        }

        destination.Write("}\n"u8);
    }

    private static byte[] Name(string name) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(name, s_json) + ":");
}
