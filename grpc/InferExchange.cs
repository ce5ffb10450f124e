using System.Buffers;
using Google.Protobuf;
using Larder.Functions.Http;
using Larder.Functions.OpenInference;
using Larder.Functions.Prediction;
using Larder.Grpc.Protocol;
using Larder.Inference;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Grpc;

/// <summary>One prediction over gRPC: fills the inputs from an <see cref="InferMessage"/>, and makes a <see cref="ModelInferResponse"/> of the outputs.</summary>
/// <param name="message">The request. It is disposed of when the inputs are filled.</param>
/// <param name="head">What it says as a whole.</param>
/// <param name="memory">What the call holds in memory.</param>
/// <param name="timeout">How long the call may take; null without a deadline.</param>
internal sealed class InferExchange(InferMessage message, InferHead head, CallMemory memory, TimeSpan? timeout) : IPredictionExchange
{
    private IReadOnlyList<RequestedOutput>? _wanted;

    /// <summary>The answer, when the outputs are there.</summary>
    public ModelInferResponse? Reply { get; private set; }

    /// <inheritdoc />
    public Dialect Dialect => Dialect.OpenInference;

    /// <inheritdoc />
    public HttpContext Http => memory.Http;

    /// <inheritdoc />
    public TimeSpan? Timeout => head.Timeout ?? timeout;

    /// <inheritdoc />
    public async ValueTask ReadAsync(ResolvedModel model, LoadedModel loaded, PredictionInputs inputs, CancellationToken cancellationToken)
    {
        await inputs.ReserveAsync(head.TensorBytes, cancellationToken);
        _wanted = Fill(message.Bytes, head, inputs, loaded.Signature);
        message.Dispose();
        memory.ReleaseMessage();
    }

    /// <inheritdoc />
    public ValueTask SendAsync(ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken)
    {
        using var tensors = new WantedTensors(model, _wanted, outputs);
        // All or none: contents of one output beside raw contents of another would not tell which is whose.
        var isRaw = head.Raw > 0 || tensors.Tensors.Any(output => !TypedContents.Has(output.Tensor.Datatype));
        var reply = new ModelInferResponse { ModelName = model.Servable.Name, ModelVersion = model.Servable.Version, Id = head.Id };
        foreach (var (tensor, _) in tensors.Tensors)
        {
            var output = new ModelInferResponse.Types.InferOutputTensor { Name = tensor.Name, Datatype = tensor.Datatype.Name(), Shape = { tensor.Shape } };
            var bytes = Bytes(tensor);
            if (isRaw)
                reply.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(bytes));
            else
                output.Contents = TypedContents.Write(tensor.Datatype, bytes.Span);
            reply.Outputs.Add(output);
        }

        Reply = reply;
        return ValueTask.CompletedTask;
    }

    /// <summary>Reads the tensors of a message into the inputs.</summary>
    /// <returns>The outputs that are wanted; null for all.</returns>
    /// <exception cref="InvalidRequestException">It is not a request to this model.</exception>
    /// <exception cref="InvalidInputException">The values do not fit the model.</exception>
    internal static IReadOnlyList<RequestedOutput>? Fill(ReadOnlyMemory<byte> message, InferHead head, PredictionInputs inputs, ModelSignature signature)
    {
        inputs.Clear();
        var wanted = new RequestedOutputs(signature);
        var raw = new WireFields(message);
        var fields = new WireFields(message);
        while (fields.Next())
        {
            if (fields.Is(5))
                ReadInput(inputs, signature, fields.Bytes, isRaw: head.Raw > 0, ref raw);
            else if (fields.Is(6))
                ReadOutput(wanted, fields.Bytes);
        }

        InferTensors.RequireAll(inputs);
        return wanted.Asked;
    }

    private ReadOnlyMemory<byte> Bytes(OutputTensor tensor)
    {
        var length = tensor.BinaryBytes;
        if (length >= Array.MaxLength)
            throw new TooLargeException($"The output {tensor.Name} has {length} bytes, more than a message can have.");
        memory.AddReply(length);
        // One more, so that an empty string at the end does not make it grow.
        var bytes = new ArrayBufferWriter<byte>((int)length + 1);
        foreach (var _ in tensor.WriteBinaryPieces(bytes))
        {
        }

        return bytes.WrittenMemory;
    }

    private static void ReadInput(PredictionInputs inputs, ModelSignature signature, ReadOnlyMemory<byte> tensor, bool isRaw, ref WireFields raw)
    {
        var (name, datatype, contents, dimensions) = ("", "", ReadOnlyMemory<byte>.Empty, 0);
        Span<long> shape = stackalloc long[InferTensors.MostDimensions];
        var fields = new WireFields(tensor);
        while (fields.Next())
        {
            if (fields.Is(1))
                name = fields.Text("The name of an input");
            else if (fields.Is(2))
                datatype = fields.Text("The datatype of an input");
            else if (fields is { Number: 3, Type: WireType.Varint })
                Add(shape, ref dimensions, fields.Value);
            else if (fields.Is(3))
            {
                for (var rest = fields.Bytes; !rest.IsEmpty;)
                    Add(shape, ref dimensions, WireFields.ReadVarint(ref rest));
            }
            else if (fields.Is(4))
                ParameterEntry.Read(fields.Bytes, []);
            else if (fields.Is(5))
                contents = contents.IsEmpty ? fields.Bytes : throw new InvalidRequestException("An input has contents twice.");
        }

        var input = InferTensors.Find(inputs, signature, name);
        InferTensors.RequireDatatype(inputs[input].Signature, datatype);
        if (!isRaw)
        {
            TypedContents.Read(inputs, input, shape[..dimensions], contents);
            return;
        }

        // There are as many as inputs.
        while (raw.Next() && !raw.Is(7))
        {
        }

        inputs.ReadBinary(input, shape[..dimensions], new ReadOnlySequence<byte>(raw.Bytes));
    }

    private static void ReadOutput(RequestedOutputs wanted, ReadOnlyMemory<byte> output)
    {
        var name = "";
        int? classes = null;
        var fields = new WireFields(output);
        while (fields.Next())
        {
            if (fields.Is(1))
                name = fields.Text("The name of an output");
            else if (fields.Is(2) && ParameterEntry.Read(fields.Bytes, "classification"u8) is { } number)
                classes = InferTensors.Classes(number);
        }

        wanted.Add(name, isBinary: null, classes);
    }

    private static void Add(Span<long> shape, ref int dimensions, ulong length)
    {
        if (dimensions == shape.Length || (long)length < 0)
            throw new InvalidRequestException($"shape must be a list of at most {InferTensors.MostDimensions} lengths, each a whole number from 0 to {long.MaxValue}.");
        shape[dimensions++] = (long)length;
    }
}
