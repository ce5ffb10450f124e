using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Inference.Validation.Scanning;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox.Compilation;

/// <summary>The samples that came with a job or a version, read as predictions are.</summary>
internal static class GivenSamples
{
    // The process has a memory limit of its own.
    private static readonly InferenceLimits Limits = new() { TensorBytes = 1 << 30 };

    /// <summary>The samples, each valid until the next one is read.</summary>
    /// <exception cref="InvalidModelException">One does not fit the model; the message names it and the input.</exception>
    public static IEnumerable<Sample> Read(IReadOnlyList<string> samples, ModelSignature signature, FeatureColumns? features = null, bool takesMissing = false)
    {
        using var inputs = new PredictionInputs(signature, PredictionInputs.Names(signature), Limits, takesMissing).Rent();
        for (var i = 0; i < samples.Count; i++)
        {
            var label = $"samples[{i}]";
            Read(samples[i], inputs, label, features);
            var (names, values) = inputs.ToNamedOrtValues();
            yield return new Sample(label, names, values, MustRun: true);
        }
    }

    private static void Read(string sample, PredictionInputs inputs, string label, FeatureColumns? features)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(sample), new JsonReaderOptions { MaxDepth = Limits.JsonDepth });
            reader.Read();
            inputs.Read(ref reader, features);
        }
        catch (Exception e) when (e is InvalidInputException or JsonException)
        {
            throw new InvalidModelException($"{label} cannot be used: {e.Message.TrimEnd('.')}.");
        }
    }
}

/// <summary>
/// Makes up samples from a signature, the same every time: batches of several sizes, each of values as networks like them (-1 to 1), of values as tables have
/// them (0 to 10), and of values at which functions bend. None are large beside others: sums of such lose so many digits that no two ways of adding agree.
/// </summary>
internal static class GeneratedSamples
{
    private static readonly int[] Batches = [1, 2, 7];

    // For example of a sequence or an image. A model does not declare which lengths it takes, so some models reject most of these.
    private static readonly int[] Lengths = [4, 1, 16, 64, 224];
    private static readonly double[] Edges = [0, 1, -1, 0.5, -0.5, 1e-6, -1e-6, 3, -3, 6, -6];
    private static readonly string[] Texts = ["", "a", "A", "0", "-1.5", "two words", "naïve", "日本語", "👍"];

    private enum Kind
    {
        Small,
        Positive,
        Edge,
    }

    /// <summary>The samples, each valid until the next one is read.</summary>
    public static IEnumerable<Sample> For(SandboxModel model)
    {
        var inputs = model.Signature.Inputs;
        string[] names = [.. inputs.Select(input => input.Name)];
        int[] batches = inputs.Any(input => input.HasVariableBatch) ? Batches : [1];
        int[] lengths = inputs.Any(input => input.Shape!.Skip(1).Contains(-1)) ? Lengths : [1];
        foreach (var length in lengths)
        {
            foreach (var batch in batches)
            {
                if (model.Shapes(batch, length) is not { } shapes)
                    continue;
                foreach (var kind in Enum.GetValues<Kind>())
                {
                    var values = inputs.Select((input, i) => Tensor(input.Datatype!.Value, shapes[i], new Random(i), kind)).ToList();
                    var text = string.Join(", ", inputs.Zip(shapes, (input, shape) => $"{input.Name} [{string.Join(',', shape)}]"));
                    try
                    {
                        yield return new Sample($"a generated sample ({kind.ToString().ToLowerInvariant()} values{(text.Length > 0 ? $" for {Printable.Line(text, 200)}" : "")})", names, values, MustRun: false);
                    }
                    finally
                    {
                        values.ForEach(value => value.Dispose());
                    }
                }
            }
        }
    }

    private static OrtValue Tensor(Datatype datatype, long[] shape, Random random, Kind kind)
    {
        var tensor = SandboxModel.Filled(datatype, shape);
        if (datatype == Datatype.Bytes)
        {
            var count = (int)shape.Aggregate(1L, (product, dimension) => product * dimension);
            for (var i = 0; i < count; i++)
                tensor.StringTensorSetElementAt(Texts[random.Next(Texts.Length)], i);
            return tensor;
        }

        Fill(tensor.GetTensorMutableRawData(), datatype, random, kind);
        return tensor;
    }

    private static void Fill(Span<byte> bytes, Datatype datatype, Random random, Kind kind)
    {
        switch (datatype)
        {
            case Datatype.Fp16:
                Each(MemoryMarshal.Cast<byte, Half>(bytes), () => (Half)Number());
                break;
            case Datatype.Bf16:
                Each(MemoryMarshal.Cast<byte, BFloat16>(bytes), () => (BFloat16)(float)Number());
                break;
            case Datatype.Fp32:
                Each(MemoryMarshal.Cast<byte, float>(bytes), () => (float)Number());
                break;
            case Datatype.Fp64:
                Each(MemoryMarshal.Cast<byte, double>(bytes), Number);
                break;
            case Datatype.Bool:
                Each(bytes, () => (byte)random.Next(2));
                break;
            case Datatype.UInt8:
                random.NextBytes(bytes);
                break;
            default:
                Integers(bytes, datatype.Size(), isSigned: datatype is Datatype.Int8 or Datatype.Int16 or Datatype.Int32 or Datatype.Int64);
                break;
        }

        double Number() => kind switch
        {
            Kind.Small => (random.NextDouble() * 2) - 1,
            Kind.Positive => random.NextDouble() * 10,
            _ => Edges[random.Next(Edges.Length)],
        };

        // Small counts are likely to be valid as indices, too. Integers are little-endian, so that the low byte comes first.
        void Integers(Span<byte> all, int size, bool isSigned)
        {
            for (var i = 0; i < all.Length; i += size)
            {
                var value = kind switch
                {
                    Kind.Small => random.Next(4),
                    Kind.Positive => random.Next(101),
                    _ => random.Next(isSigned ? -100 : 0, 101),
                };
                all[i] = unchecked((byte)value);
                if (value < 0)
                    all.Slice(i + 1, size - 1).Fill(0xFF);
            }
        }
    }

    private static void Each<T>(Span<T> row, Func<T> next)
    {
        foreach (ref var element in row)
            element = next();
    }
}

/// <summary>Values for the inputs of a model.</summary>
/// <param name="Label">What to call it: <c>samples[2]</c>.</param>
/// <param name="Names">The names of the inputs.</param>
/// <param name="Values">The tensors.</param>
/// <param name="MustRun">False for one that was made up, which the original may reject.</param>
internal sealed record Sample(string Label, IReadOnlyCollection<string> Names, IReadOnlyList<OrtValue> Values, bool MustRun);
