using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Functions.Tests.OpenInference;

/// <summary>The operator tests of the ONNX project, as Debian's package libonnx-testdata has them: a model, inputs and the outputs that are expected of it.</summary>
internal static class OperatorCorpus
{
    private const string Folder = "/usr/share/libonnx-testdata/data";

    /// <summary>Why the tests cannot run here; null when they can.</summary>
    public static string? Missing => Directory.Exists(Folder) ? null : $"{Folder} is missing. On Debian: apt-get install libonnx-testdata.";

    /// <summary>The cases, by name.</summary>
    public static IReadOnlyList<OperatorCase> Cases =>
    [
        .. new[] { "node", "simple", "pytorch-converted", "pytorch-operator" }.SelectMany(kind => Directory.GetDirectories(Path.Combine(Folder, kind)))
            .Where(folder => File.Exists(Path.Combine(folder, "model.onnx")) && Directory.Exists(Path.Combine(folder, "test_data_set_0")))
            .Select(folder => new OperatorCase(folder)).OrderBy(entry => entry.Name, StringComparer.Ordinal),
    ];
}

/// <summary>One of them.</summary>
internal sealed record OperatorCase(string Folder)
{
    // As ONNX's own runner compares.
    private const double Tolerance = 1e-3;

    public string Name => Path.GetFileName(Folder);

    public byte[] Model => File.ReadAllBytes(Path.Combine(Folder, "model.onnx"));

    public IReadOnlyList<CorpusTensor> Inputs => Read("input");

    public IReadOnlyList<CorpusTensor> Outputs => Read("output");

    /// <summary>What ONNX Runtime does differently from what is expected, or why the test is none of tensors; null for nothing.</summary>
    public string? ProblemOfOnnxRuntime()
    {
        try
        {
            using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, IntraOpNumThreads = 1 };
            using var session = new InferenceSession(Model, options);
            if (session.InputMetadata.Values.Any(input => input.OnnxValueType != OnnxValueType.ONNX_TYPE_TENSOR))
                throw new NotSupportedException("an input that is no tensor, which the protocol does not have");
            using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            var inputs = Inputs.Select(tensor => tensor.ToOrtValue()).ToList();
            using var outputs = session.Run(run, [.. session.InputNames.Take(inputs.Count)], inputs, session.OutputNames);
            inputs.ForEach(input => input.Dispose());
            return Problem([.. outputs.Select(CorpusTensor.Of)]);
        }
        catch (Exception failure) when (failure is OnnxRuntimeException or NotSupportedException or InvalidOperationException)
        {
            return failure.Message;
        }
    }

    /// <summary>What is different from the expected outputs; null for nothing.</summary>
    public string? Problem(IReadOnlyList<CorpusTensor> outputs)
    {
        var expected = Outputs;
        return outputs.Count != expected.Count
            ? $"{outputs.Count} outputs where {expected.Count} are expected"
            : expected.Select((tensor, i) => tensor.Problem(outputs[i], Tolerance)).FirstOrDefault(problem => problem is not null);
    }

    private List<CorpusTensor> Read(string kind) =>
        [.. Directory.GetFiles(Path.Combine(Folder, "test_data_set_0"), $"{kind}_*.pb").OrderBy(file => int.Parse(Path.GetFileNameWithoutExtension(file).Split('_')[1], null)).Select(file => CorpusTensor.Read(File.ReadAllBytes(file)))];
}

/// <summary>A tensor whose elements are bytes as the binary tensor data extension has them.</summary>
internal sealed record CorpusTensor(Datatype Datatype, long[] Shape, byte[] Data)
{
    /// <summary>Reads a <c>TensorProto</c>.</summary>
    /// <exception cref="NotSupportedException">It is something else, or of a type that the protocol does not have.</exception>
    public static CorpusTensor Read(byte[] proto)
    {
        var (shape, type, raw, typed, texts) = (new List<long>(), 0, (byte[]?)null, new MemoryStream(), new List<byte[]>());
        var input = new CodedInputStream(proto);
        var values = new List<ulong>();
        while (input.ReadTag() is not 0 and var tag)
        {
            var isPacked = (tag & 7) == (uint)WireFormat.WireType.LengthDelimited;
            switch (tag >> 3)
            {
                case 1: Each(isPacked, stream => shape.Add(stream.ReadInt64())); break;
                case 2: type = input.ReadInt32(); break;
                case 4: Each(isPacked, stream => typed.Write(BitConverter.GetBytes(stream.ReadFloat()))); break;
                case 5: Each(isPacked, stream => values.Add((ulong)stream.ReadInt32())); break;
                case 6: texts.Add(input.ReadBytes().ToByteArray()); break;
                case 7: Each(isPacked, stream => values.Add((ulong)stream.ReadInt64())); break;
                case 9: raw = input.ReadBytes().ToByteArray(); break;
                case 10: Each(isPacked, stream => typed.Write(BitConverter.GetBytes(stream.ReadDouble()))); break;
                case 11: Each(isPacked, stream => values.Add(stream.ReadUInt64())); break;
                default: input.SkipLastField(); break;
            }
        }

        var datatype = type switch
        {
            1 => Datatype.Fp32,
            2 => Datatype.UInt8,
            3 => Datatype.Int8,
            4 => Datatype.UInt16,
            5 => Datatype.Int16,
            6 => Datatype.Int32,
            7 => Datatype.Int64,
            8 => Datatype.Bytes,
            9 => Datatype.Bool,
            10 => Datatype.Fp16,
            11 => Datatype.Fp64,
            12 => Datatype.UInt32,
            13 => Datatype.UInt64,
            16 => Datatype.Bf16,
            _ => throw new NotSupportedException("no tensor, or one of complex numbers"),
        };
        return new CorpusTensor(datatype, [.. shape], datatype == Datatype.Bytes ? Joined(texts) : raw ?? (values.Count == 0 ? typed.ToArray() : [.. values.SelectMany(value => BitConverter.GetBytes(value)[..datatype.Size()])]));

        void Each(bool isPacked, Action<CodedInputStream> read)
        {
            if (!isPacked)
            {
                read(input);
                return;
            }

            var packed = new CodedInputStream(input.ReadBytes().ToByteArray());
            while (!packed.IsAtEnd)
                read(packed);
        }
    }

    /// <summary>An output of ONNX Runtime.</summary>
    /// <exception cref="NotSupportedException">It is no tensor.</exception>
    public static CorpusTensor Of(OrtValue value)
    {
        if (!value.IsTensor)
            throw new NotSupportedException("an output that is no tensor");
        var (type, shape) = (value.GetTensorTypeAndShape().ElementDataType, value.GetTensorTypeAndShape().Shape);
        return Datatypes.FromOnnx(type) switch
        {
            null => throw new NotSupportedException("an output of complex numbers"),
            Datatype.Bytes => new CorpusTensor(Datatype.Bytes, shape, Joined(value.GetStringTensorAsArray().Select(Encoding.UTF8.GetBytes))),
            { } datatype => new CorpusTensor(datatype, shape, value.GetTensorSizeInBytes() == 0 ? [] : value.GetTensorMutableRawData().ToArray()),
        };
    }

    /// <summary>The tensor in ONNX Runtime's memory.</summary>
    public OrtValue ToOrtValue()
    {
        if (Datatype == Datatype.Bytes)
        {
            var texts = Texts();
            var strings = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, Shape);
            for (var i = 0; i < texts.Count; i++)
                strings.StringTensorSetElementAt(texts[i].AsSpan(), i);
            return strings;
        }

        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, Datatype.ToOnnx(), Shape);
        if (Data.Length > 0)
            Data.CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    /// <summary>How another tensor differs from this one; null when it does not.</summary>
    public string? Problem(CorpusTensor other, double tolerance)
    {
        if (other.Datatype != Datatype || !other.Shape.SequenceEqual(Shape))
            return $"{other.Datatype.Name()} [{string.Join(',', other.Shape)}] where {Datatype.Name()} [{string.Join(',', Shape)}] is expected";
        if (other.Data.AsSpan().SequenceEqual(Data))
            return null;
        if (Floats() is not { } expected)
            return "other values than expected";
        var values = other.Floats()!;
        for (var i = 0; i < expected.Count; i++)
        {
            if (!(values[i].Equals(expected[i]) || Math.Abs(values[i] - expected[i]) <= tolerance + (tolerance * Math.Abs(expected[i]))))
                return $"{values[i]} at {i} where {expected[i]} is expected";
        }

        return null;
    }

    private static byte[] Joined(IEnumerable<byte[]> texts) => [.. texts.SelectMany(text => BitConverter.GetBytes(text.Length).Concat(text))];

    private List<string> Texts()
    {
        var texts = new List<string>();
        for (var rest = Data.AsSpan(); rest.Length > 0;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
            texts.Add(Encoding.UTF8.GetString(rest[4..(4 + length)]));
            rest = rest[(4 + length)..];
        }

        return texts;
    }

    private List<double>? Floats() => Datatype switch
    {
        Datatype.Fp64 => [.. MemoryMarshal.Cast<byte, double>(Data)],
        Datatype.Fp32 => [.. MemoryMarshal.Cast<byte, float>(Data).ToArray().Select(value => (double)value)],
        Datatype.Fp16 => [.. MemoryMarshal.Cast<byte, Half>(Data).ToArray().Select(value => (double)value)],
        Datatype.Bf16 => [.. MemoryMarshal.Cast<byte, ushort>(Data).ToArray().Select(value => (double)BitConverter.Int32BitsToSingle(value << 16))],
        _ => null,
    };
}
