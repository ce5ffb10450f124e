using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Larder.Functions.Http;
using Larder.Functions.Prediction;
using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;

namespace Larder.Functions.OpenInference;

/// <summary>
/// An inference request of the Open Inference Protocol V2. Reading it fills the inputs: from <c>data</c>, or from the bytes behind the JSON, which belong to the inputs with
/// <c>binary_data_size</c> in their order. Unknown members and parameters are skipped, as Triton does.
/// </summary>
internal sealed class InferRequest
{
    private const string Inputs = "inputs";
    private const string Outputs = "outputs";

    private readonly PredictionInputs _inputs;
    private readonly ModelSignature _signature;
    private readonly ReadOnlySequence<byte> _json;
    private readonly JsonReaderOptions _options;
    private readonly List<int> _awaited = [];
    private TensorBytes _binary;

    /// <summary>Reads a request.</summary>
    /// <param name="json">Its JSON, which is not needed afterwards.</param>
    /// <param name="binary">The bytes behind it.</param>
    /// <param name="inputs">The inputs to fill.</param>
    /// <param name="signature">The model's signature.</param>
    /// <param name="maxDepth">The deepest nesting of the JSON.</param>
    /// <exception cref="InvalidRequestException">It is not such a request.</exception>
    /// <exception cref="InvalidInputException">The values do not fit the model.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public InferRequest(in ReadOnlySequence<byte> json, in TensorBytes binary, PredictionInputs inputs, ModelSignature signature, int maxDepth)
    {
        (_json, _binary, _inputs, _signature, _options) = (json, binary, inputs, signature, new JsonReaderOptions { MaxDepth = maxDepth });
        inputs.Clear();
        var reader = new Utf8JsonReader(json, _options);
        Read(ref reader);
        if (_binary.Length > 0)
            throw new InvalidRequestException($"There are {_binary.Length} bytes behind those of the inputs: binary_data_size of the inputs must say how many bytes follow the JSON.");
        InferTensors.RequireAll(inputs);
    }

    private InferRequest(PredictionInputs inputs, ModelSignature signature) => (_inputs, _signature, AreOutputsBinary) = (inputs, signature, true);

    /// <summary>The caller's id of the request, which the answer repeats; null without one.</summary>
    public string? Id { get; private set; }

    /// <summary>Whether outputs are sent as bytes unless they say otherwise themselves.</summary>
    public bool AreOutputsBinary { get; private set; }

    /// <summary>Within which time the caller wants the answer; null where the request does not say it.</summary>
    public TimeSpan? Timeout { get; private set; }

    /// <summary>The outputs that the caller wants, in this order; null for all.</summary>
    public IReadOnlyList<RequestedOutput>? Wanted { get; private set; }

    /// <summary>Reads a request without JSON: the bytes of the only input, of which at most one dimension varies.</summary>
    public static InferRequest ReadRaw(in TensorBytes data, PredictionInputs inputs, ModelSignature signature)
    {
        inputs.Clear();
        if (signature.Inputs is not [{ Shape: { } shape, Datatype: { } datatype } input])
            throw new InvalidRequestException($"{Infer.JsonLengthHeader}: 0 is for models with one input, and this one has {signature.Inputs.Count}.");
        if (shape.Count(length => length < 0) > 1)
            throw new InvalidRequestException($"{Infer.JsonLengthHeader}: 0 is for an input of which one dimension varies, and {input.Name} is {input.TypeName}.");
        var known = shape.Where(length => length >= 0).Aggregate((Int128)Math.Max(datatype.Size(), 1), (product, length) => Int128.Min(product * length, long.MaxValue));
        var bytes = data.Length;
        if (datatype == Datatype.Bytes ? known != 1 : known == 0 || bytes % known != 0 || (!shape.Contains(-1) && bytes != known))
            throw new InvalidInputException($"{input.Name} expects {input.TypeName}; got {bytes} bytes");
        long[] whole = [.. shape.Select(length => length >= 0 ? length : datatype == Datatype.Bytes ? 1 : bytes / (long)known)];
        var request = new InferRequest(inputs, signature);
        if (datatype == Datatype.Bytes)
            inputs.ReadText(0, whole, data.Here!.Value);
        else
            request.ReadBinary(0, whole, data);
        return request;
    }

    /// <summary>Reads the bytes that were to come, as they come, into the memory of the inputs.</summary>
    /// <param name="body">What is behind the JSON.</param>
    /// <param name="cancellationToken">Ends the wait for them.</param>
    /// <exception cref="InvalidRequestException">The body ends before them.</exception>
    /// <exception cref="InvalidInputException">They do not fit the model.</exception>
    public async ValueTask ReceiveAsync(PipeReader body, CancellationToken cancellationToken)
    {
        foreach (var input in _awaited)
        {
            var length = _inputs[input].Data.Length;
            for (var received = 0; received < length;)
            {
                var result = await body.ReadAsync(cancellationToken);
                var part = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, length - received));
                var before = received;
                received += (int)part.Length;
                try
                {
                    _inputs.FillBinary(input, before, part);
                }
                finally
                {
                    // Also before a failure: an open read would break the connection for the next request. The part is gone afterwards.
                    body.AdvanceTo(part.End);
                }

                if (result.IsCompleted && received < length)
                    throw new InvalidRequestException($"The body ends after {received} of the {length} bytes of the input {_inputs[input].Signature.Name}.");
            }
        }
    }

    private void ReadBinary(int input, long[] shape, in TensorBytes data)
    {
        if (data.Here is { } bytes)
        {
            _inputs.ReadBinary(input, shape, bytes);
            return;
        }

        _inputs.ReserveBinary(input, shape, data.Length);
        _awaited.Add(input);
    }

    private void Read(ref Utf8JsonReader reader)
    {
        if (_json.IsEmpty || !JsonTokens.Read(ref reader) || reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidRequestException("The body must be a JSON object {\"inputs\": [{\"name\", \"shape\", \"datatype\", \"data\"}, ...]}.");
        var hasInputs = false;
        while (NextMember(ref reader))
        {
            if (JsonTokens.IsName(ref reader, "id"u8))
                Id = Text(ref reader, "id");
            else if (JsonTokens.IsName(ref reader, "inputs"u8))
                hasInputs = ReadInputs(ref reader);
            else if (JsonTokens.IsName(ref reader, "outputs"u8))
                ReadOutputs(ref reader);
            else if (JsonTokens.IsName(ref reader, "parameters"u8))
                ReadOwnParameters(ref reader);
            else
                Skip(ref reader);
        }

        // If anything but white space follows the object, the reader throws.
        while (JsonTokens.Read(ref reader))
        {
        }

        if (!hasInputs && _inputs.Count > 0)
            throw new InvalidRequestException("The request has no inputs: [{\"name\", \"shape\", \"datatype\", \"data\"}, ...].");
    }

    private void ReadOwnParameters(ref Utf8JsonReader reader)
    {
        var parameters = ReadParameters(ref reader);
        AreOutputsBinary = parameters.IsBinaryOutput ?? AreOutputsBinary;
        Timeout = parameters.Timeout ?? Timeout;
    }

    private bool ReadInputs(ref Utf8JsonReader reader)
    {
        Begin(ref reader, JsonTokenType.StartArray, Inputs, "a list");
        while (JsonTokens.Read(ref reader) && reader.TokenType != JsonTokenType.EndArray)
            ReadInput(ref reader);
        return true;
    }

    // The members may come in any order. Data that comes before what it needs is skipped, and read at the end.
    private void ReadInput(ref Utf8JsonReader reader)
    {
        Require(ref reader, JsonTokenType.StartObject, Inputs, "a list of objects");
        var (input, dataAt, hasData) = (-1, -1L, false);
        (long[]? shape, string? datatype) = (null, null);
        Parameters parameters = default;
        while (NextMember(ref reader))
        {
            if (JsonTokens.IsName(ref reader, "name"u8))
                input = InferTensors.Find(_inputs, _signature, Text(ref reader, "name"));
            else if (JsonTokens.IsName(ref reader, "shape"u8))
                shape = Shape(ref reader);
            else if (JsonTokens.IsName(ref reader, "datatype"u8))
                datatype = Text(ref reader, "datatype");
            else if (JsonTokens.IsName(ref reader, "parameters"u8))
                parameters = ReadParameters(ref reader);
            else if (JsonTokens.IsName(ref reader, "data"u8))
            {
                hasData = hasData || dataAt >= 0 ? throw new InvalidRequestException("An input has data twice.") : input >= 0 && shape is not null && datatype is not null;
                JsonTokens.Read(ref reader);
                if (hasData)
                {
                    InferTensors.RequireDatatype(_inputs[input].Signature, datatype!);
                    _inputs.ReadShaped(input, shape, ref reader);
                    continue;
                }

                dataAt = reader.TokenStartIndex;
                JsonTokens.Skip(ref reader);
            }
            else
                Skip(ref reader);
        }

        if (input < 0 || shape is null || datatype is null)
            throw new InvalidRequestException("An input must have name, shape and datatype.");
        InferTensors.RequireDatatype(_inputs[input].Signature, datatype);
        var name = _inputs[input].Signature.Name;
        if (parameters.BinarySize is { } size)
        {
            if (hasData || dataAt >= 0)
                throw new InvalidRequestException($"The input {name} has both data and binary_data_size; send one.");
            if (size > _binary.Length)
                throw new InvalidRequestException($"The input {name} has binary_data_size {size}, and {_binary.Length} bytes are left behind the JSON.");
            ReadBinary(input, shape, _binary.First(size));
            _binary = _binary.After(size);
        }
        else if (dataAt >= 0)
        {
            var data = new Utf8JsonReader(_json.Slice(dataAt), _options);
            JsonTokens.Read(ref data);
            _inputs.ReadShaped(input, shape, ref data);
        }
        else if (!hasData)
        {
            throw new InvalidRequestException($"The input {name} has neither data nor the parameter binary_data_size.");
        }
    }

    private void ReadOutputs(ref Utf8JsonReader reader)
    {
        Begin(ref reader, JsonTokenType.StartArray, Outputs, "a list");
        var wanted = new RequestedOutputs(_signature);
        while (JsonTokens.Read(ref reader) && reader.TokenType != JsonTokenType.EndArray)
        {
            Require(ref reader, JsonTokenType.StartObject, Outputs, "a list of objects");
            string? name = null;
            Parameters parameters = default;
            while (NextMember(ref reader))
            {
                if (JsonTokens.IsName(ref reader, "name"u8))
                    name = Text(ref reader, "name");
                else if (JsonTokens.IsName(ref reader, "parameters"u8))
                    parameters = ReadParameters(ref reader);
                else
                    Skip(ref reader);
            }

            if (name is null)
                throw new InvalidRequestException("An output must have a name.");
            wanted.Add(name, parameters.IsBinary, parameters.Classes);
        }

        Wanted = wanted.Asked;
    }

    // Strings, numbers and booleans by name; what is not known is skipped.
    private static Parameters ReadParameters(ref Utf8JsonReader reader)
    {
        var parameters = new Parameters();
        Begin(ref reader, JsonTokenType.StartObject, "parameters", "an object");
        while (NextMember(ref reader))
        {
            if (JsonTokens.IsName(ref reader, "binary_data_size"u8))
                parameters.BinarySize = JsonTokens.Read(ref reader) && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var size) && size >= 0
                    ? size
                    : throw new InvalidRequestException("binary_data_size must be a number of bytes.");
            else if (JsonTokens.IsName(ref reader, "binary_data"u8))
                parameters.IsBinary = Flag(ref reader, "binary_data");
            else if (JsonTokens.IsName(ref reader, "binary_data_output"u8))
                parameters.IsBinaryOutput = Flag(ref reader, "binary_data_output");
            else if (JsonTokens.IsName(ref reader, "timeout"u8))
                parameters.Timeout = RequestTimeout.OfMicroseconds(JsonTokens.Read(ref reader) && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var microseconds) ? microseconds : -1);
            else if (JsonTokens.IsName(ref reader, "shared_memory_region"u8))
                throw InferTensors.NoSharedMemory();
            else if (JsonTokens.IsName(ref reader, "classification"u8))
                parameters.Classes = InferTensors.Classes(JsonTokens.Read(ref reader) && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var classes) ? classes : 0);
            else
                Skip(ref reader);
        }

        return parameters;
    }

    private static long[] Shape(ref Utf8JsonReader reader)
    {
        Begin(ref reader, JsonTokenType.StartArray, "shape", "a list of lengths");
        var shape = new List<long>();
        while (JsonTokens.Read(ref reader) && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var length) || length < 0 || shape.Count == InferTensors.MostDimensions)
                throw new InvalidRequestException($"shape must be a list of at most {InferTensors.MostDimensions} lengths, each a whole number from 0 to {long.MaxValue}.");
            shape.Add(length);
        }

        return [.. shape];
    }

    // Moves on to the next member's name; false at the end of the object.
    private static bool NextMember(ref Utf8JsonReader reader) => JsonTokens.Read(ref reader) && reader.TokenType == JsonTokenType.PropertyName;

    private static void Skip(ref Utf8JsonReader reader)
    {
        JsonTokens.Read(ref reader);
        JsonTokens.Skip(ref reader);
    }

    private static void Begin(ref Utf8JsonReader reader, JsonTokenType token, string member, string what)
    {
        JsonTokens.Read(ref reader);
        Require(ref reader, token, member, what);
    }

    private static void Require(ref Utf8JsonReader reader, JsonTokenType token, string member, string what)
    {
        if (reader.TokenType != token)
            throw new InvalidRequestException($"{member} must be {what}.");
    }

    private static string Text(ref Utf8JsonReader reader, string member)
    {
        Begin(ref reader, JsonTokenType.String, member, "a string");
        try
        {
            return RequestText.Require(reader.GetString()!, member);
        }
        catch (InvalidOperationException)
        {
            throw new InvalidRequestException($"{member} must be well-formed Unicode.");
        }
    }

    private static bool Flag(ref Utf8JsonReader reader, string member) => JsonTokens.Read(ref reader) && reader.TokenType is JsonTokenType.True or JsonTokenType.False
        ? reader.GetBoolean()
        : throw new InvalidRequestException($"{member} must be true or false.");

    private struct Parameters
    {
        public long? BinarySize { get; set; }

        public bool? IsBinary { get; set; }

        public bool? IsBinaryOutput { get; set; }

        public int? Classes { get; set; }

        public TimeSpan? Timeout { get; set; }
    }
}

/// <summary>The bytes of tensors behind the JSON of a request.</summary>
/// <param name="Length">How many.</param>
/// <param name="Here">They; null where they are still to come, as they may for models without inputs of type BYTES.</param>
internal readonly record struct TensorBytes(long Length, ReadOnlySequence<byte>? Here)
{
    /// <summary>Bytes that are there.</summary>
    public TensorBytes(in ReadOnlySequence<byte> bytes)
        : this(bytes.Length, bytes)
    {
    }

    /// <summary>The first of them.</summary>
    public TensorBytes First(long bytes) => new(bytes, Here?.Slice(0, bytes));

    /// <summary>Those behind the first.</summary>
    public TensorBytes After(long bytes) => new(Length - bytes, Here?.Slice(bytes));
}
