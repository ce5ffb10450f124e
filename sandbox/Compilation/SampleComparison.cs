using System.Globalization;
using System.Text;
using System.Text.Json;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Inference.Validation.Sandbox;
using Larder.Inference.Validation.Scanning;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox.Compilation;

/// <summary>Compares what a model answers to samples with what is expected.</summary>
internal static class SampleComparison
{
    /// <summary>Runs the samples until one differs.</summary>
    /// <exception cref="InvalidModelException">A sample does not fit the model.</exception>
    public static ComparisonAnswer Compare(SandboxRequest request, SampleRequest samples)
    {
        using var options = ModelChecks.Options(request.Session, samples.Extensions);
        using var model = SandboxModel.Load(request.Path, options);
        var comparison = new OutputComparison(samples.Atol, samples.Rtol, "in the expected outputs", "in the model's outputs");
        var compared = 0;
        foreach (var sample in GivenSamples.Read(samples.Values, model.Signature, FeatureColumns.OfTable(samples.Features, model.Signature), samples.TakesMissing))
        {
            if (Difference(model, comparison, sample, samples.Outputs[compared]) is { } difference)
                return new ComparisonAnswer(false, string.Create(CultureInfo.InvariantCulture, $"For {sample.Label}, {difference} (atol {samples.Atol}, rtol {samples.Rtol})."), compared, comparison.LargestDifference);
            compared++;
        }

        return new ComparisonAnswer(true, "", compared, comparison.LargestDifference);
    }

    private static string? Difference(SandboxModel model, OutputComparison comparison, Sample sample, string outputs)
    {
        IDisposableReadOnlyCollection<OrtValue> got;
        try
        {
            got = model.Run(sample.Names, sample.Values);
        }
        catch (OnnxRuntimeException e) when (!ModelChecks.IsOutOfMemory(e))
        {
            return $"the model cannot be run: {RuntimeMessage.Clean(e.Message, model.Path)}";
        }

        using var _ = got;
        using var json = JsonDocument.Parse(outputs);
        foreach (var member in json.RootElement.EnumerateObject())
        {
            var output = model.Signature.Outputs.TakeWhile(output => output.Name != member.Name).Count();
            if (output == model.Signature.Outputs.Count)
                return $"the expected outputs have {Printable.Quoted(member.Name)}, which the model does not give";
            try
            {
                using var expected = ExpectedValue.Read(member.Value, got[output]);
                if (comparison.Difference([model.Signature.Outputs[output]], [expected], [got[output]]) is { } difference)
                    return difference;
            }
            catch (InvalidInputException e)
            {
                return $"the expected output cannot be compared with the model's: {e.Message.TrimEnd('.')}";
            }
        }

        return null;
    }
}

/// <summary>Reads an output from the form that answers have, as a value of the kind and types of another one.</summary>
internal static class ExpectedValue
{
    // The process has a memory limit of its own.
    private const long MaxBytes = 1 << 30;

    /// <summary>Reads the JSON.</summary>
    /// <param name="json">An output as answers have it.</param>
    /// <param name="like">What the model gave: tells kinds, datatypes and ranks, which a signature may not know. Lengths may be others.</param>
    /// <exception cref="InvalidInputException">It is of another kind.</exception>
    public static OrtValue Read(JsonElement json, OrtValue like) => like.OnnxType switch
    {
        OnnxValueType.ONNX_TYPE_SEQUENCE => ReadSequence(json, like),
        OnnxValueType.ONNX_TYPE_MAP => ReadMap(json, like),
        _ => ReadTensor(json.GetRawText(), DatatypeOf(like), like.GetTensorTypeAndShape().Shape.Length),
    };

    private static OrtValue ReadSequence(JsonElement json, OrtValue like)
    {
        if (json.ValueKind != JsonValueKind.Array)
            throw new InvalidInputException($"it is {Noun(json)}, and not a list");
        var count = like.GetValueCount();
        if (json.GetArrayLength() != count)
            throw new InvalidInputException($"it has {InputError.Count(json.GetArrayLength(), "element")}, and the model's has {count}");
        var elements = new List<OrtValue>();
        for (var i = 0; i < count; i++)
        {
            using var element = like.GetValue(i, OrtAllocator.DefaultInstance);
            elements.Add(Read(json[i], element));
        }

        // The sequence takes the elements over.
        return OrtValue.CreateSequence(elements);
    }

    private static OrtValue ReadMap(JsonElement json, OrtValue like)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new InvalidInputException($"it is {Noun(json)}, and not an object");
        using var keysLike = like.GetValue(0, OrtAllocator.DefaultInstance);
        using var valuesLike = like.GetValue(1, OrtAllocator.DefaultInstance);
        var keyType = DatatypeOf(keysLike);
        var names = json.EnumerateObject().Select(member => keyType == Datatype.Bytes ? $"\"{JsonEncodedText.Encode(member.Name)}\"" : member.Name);
        var keys = ReadTensor($"[{string.Join(',', names)}]", keyType, 1);
        var values = ReadTensor($"[{string.Join(',', json.EnumerateObject().Select(member => member.Value.GetRawText()))}]", DatatypeOf(valuesLike), 1);
        return OrtValue.CreateMap(ref keys, ref values);
    }

    private static OrtValue ReadTensor(string json, Datatype datatype, int rank)
    {
        var buffer = new TensorBuffer(new ValueSignature { Name = "it", Kind = ValueKind.Tensor, Datatype = datatype, Shape = [.. Enumerable.Repeat(-1L, rank)] }, MaxBytes);
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), new JsonReaderOptions { MaxDepth = new InferenceLimits().JsonDepth });
            reader.Read();
            new NestedReader(buffer, takesMissing: true).Read(ref reader);
            return Copy(buffer, datatype);
        }
        catch (JsonException e)
        {
            throw new InvalidInputException(e.Message);
        }
        finally
        {
            buffer.Free();
        }
    }

    private static OrtValue Copy(TensorBuffer buffer, Datatype datatype)
    {
        var value = SandboxModel.Filled(datatype, buffer.Shape.ToArray());
        if (datatype != Datatype.Bytes)
        {
            buffer.Data.CopyTo(value.GetTensorMutableRawData());
            return value;
        }

        var texts = buffer.ToOrtValue().GetStringTensorAsArray();
        for (var i = 0; i < texts.Length; i++)
            value.StringTensorSetElementAt(texts[i], i);
        return value;
    }

    private static Datatype DatatypeOf(OrtValue tensor) =>
        Datatypes.FromOnnx(tensor.GetTensorTypeAndShape().ElementDataType) ?? throw new InvalidInputException("it has elements of a type that JSON cannot carry");

    private static string Noun(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "another value",
    };
}
