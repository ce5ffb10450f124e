using System.Buffers;
using System.Text;
using System.Text.Json;
using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Tensors;

/// <summary>
/// The inputs of one prediction: a <see cref="TensorBuffer"/> for each input of the model. Rented from its <see cref="LoadedModel"/> and
/// returned by <see cref="Dispose"/>, which ends every use of it. Not thread-safe.
/// </summary>
public sealed class PredictionInputs : IDisposable
{
    private readonly Action<PredictionInputs> _returned;
    private readonly TensorBuffer[] _tensors;
    private readonly byte[][] _names;
    private readonly OrtValue[] _values;
    private readonly MemoryShare? _work;
    private readonly long _mostBytes;
    private readonly int _elementBytes;
    private readonly bool _hasText;
    private long _reserved;
    private int _holders;
    private bool _rented;

    /// <param name="signature">The model's.</param>
    /// <param name="names">Its inputs' names (<see cref="Names"/>).</param>
    /// <param name="limits">Validated limits.</param>
    /// <param name="work">Where <see cref="ReserveAsync(long, CancellationToken)"/> takes its bytes; null where nothing is reserved, in the trial process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="returned">Called when the last holder has let go.</param>
    internal PredictionInputs(ModelSignature signature, byte[][] names, InferenceLimits limits, MemoryShare? work, TimeProvider time, Action<PredictionInputs> returned)
    {
        _returned = returned;
        _work = work;
        _hasText = signature.Inputs.Any(input => input.Datatype == Datatype.Bytes);
        _elementBytes = signature.Inputs.Select(input => input.Datatype == Datatype.Bytes ? TensorBuffer.TextBytes : input.Datatype!.Value.Size()).DefaultIfEmpty().Max();
        _mostBytes = signature.Inputs.Count * limits.TensorBytes;
        _names = names;
        _tensors = [.. signature.Inputs.Select(input => new TensorBuffer(input, limits.TensorBytes))];
        _values = new OrtValue[_tensors.Length];
        Guard = new RunGuard(time, limits.RunSeconds);
    }

    /// <summary>Number of inputs.</summary>
    public int Count => _tensors.Length;

    /// <summary>The tensor of one input, in the signature's order.</summary>
    public TensorBuffer this[int input] => _tensors[input];

    internal RunGuard Guard { get; }

    /// <summary>Bytes of memory that it holds, used or not.</summary>
    internal long Bytes
    {
        get
        {
            var bytes = 0L;
            foreach (var tensor in _tensors)
                bytes += tensor.Capacity;
            return bytes;
        }
    }

    /// <summary>Rows of every input, where all have the same number of them and can have any; otherwise -1.</summary>
    internal long Rows
    {
        get
        {
            var rows = -1L;
            foreach (var tensor in _tensors)
            {
                if (!tensor.HasValue || !tensor.Signature.HasVariableBatch || (rows >= 0 && tensor.Shape[0] != rows))
                    return -1;
                rows = tensor.Shape[0];
            }

            return rows;
        }
    }

    /// <summary>The first input that has a value without elements; null when there is none.</summary>
    internal ValueSignature? FirstEmpty => Array.Find(_tensors, tensor => tensor.HasValue && tensor.Shape.Contains(0))?.Signature;

    /// <summary>
    /// Reads the value of a request's <c>values</c>. The reader is on its first token, and is left on its last.
    /// <list type="bullet">
    /// <item>A model with one input takes the input's value, or an object <c>{name: value}</c>. A model with several takes the object:
    /// every input once, no other name.</item>
    /// <item>A value is nested lists, as deep as the input's rank. Where the first dimension is -1 or 1, one observation may come without
    /// the list around it: for [-1,4] both <c>[[1,2,3,4]]</c> and <c>[1,2,3,4]</c>, for [-1] both <c>[1]</c> and <c>1</c>. For [] it is a
    /// bare value.</item>
    /// <item>Lists must have the lengths that the shape says; where it says -1, any length, but the same for all lists of that depth. An empty
    /// list in place of a list of lists has the full depth: <c>[]</c> for [-1,4] is a batch of no rows, [0,4].</item>
    /// <item>Elements: BOOL takes true and false; BYTES strings; the others numbers that the datatype can hold. Integers must be whole
    /// (<c>1.0</c> is), and are exact to 64 bits. Floating-point numbers are rounded to the nearest, ties to even.</item>
    /// </list>
    /// </summary>
    /// <exception cref="InvalidInputException">The value does not fit the model.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public void Read(ref Utf8JsonReader reader)
    {
        foreach (var tensor in _tensors)
            tensor.Clear();
        if (reader.TokenType == JsonTokenType.StartObject)
            ReadObject(ref reader);
        else if (_tensors.Length == 1)
            _tensors[0].ReadNested(ref reader);
        else
            throw new InvalidInputException($"the model has {InputError.Count(_tensors.Length, "input")}: values must be an object with {InputList()}; got {InputError.Noun(reader.TokenType)}");
    }

    /// <summary>Takes of the budget what the values of a JSON body can need at most. To be called before <see cref="Read"/>; it is given back by <see cref="Dispose"/>.</summary>
    /// <exception cref="MemoryLimitException">It is more than a request may have.</exception>
    /// <exception cref="MemoryBusyException">Other requests have it.</exception>
    public ValueTask ReserveAsync(in ReadOnlySequence<byte> json, CancellationToken cancellationToken) => ReserveAsync(BytesFor(json), cancellationToken);

    /// <summary>Takes bytes of the budget for these inputs and what they are made from, once; they are given back by <see cref="Dispose"/>.</summary>
    /// <exception cref="MemoryLimitException">It is more than a request may have.</exception>
    /// <exception cref="MemoryBusyException">Other requests have it.</exception>
    public ValueTask ReserveAsync(long bytes, CancellationToken cancellationToken)
    {
        var taking = _work!.TakeAsync(bytes, cancellationToken);
        if (!taking.IsCompletedSuccessfully)
            return new(WaitAsync(taking, bytes));
        _reserved = bytes;
        return ValueTask.CompletedTask;
    }

    private async Task WaitAsync(ValueTask taking, long bytes)
    {
        await taking;
        _reserved = bytes;
    }

    /// <summary>Counts bytes that are needed in any case: of several requests' inputs that are run together.</summary>
    internal void Charge(long bytes)
    {
        _work!.Add(bytes);
        _reserved = bytes;
    }

    // Two elements have a comma between them. Of a short body it is assumed that it has nothing but commas and digits.
    private long BytesFor(in ReadOnlySequence<byte> json)
    {
        var elements = 1L;
        if (json.Length <= MemoryShare.SmallBytes)
        {
            elements += json.Length / 2;
        }
        else
        {
            foreach (var segment in json)
                elements += segment.Span.Count((byte)',');
        }

        var bytes = (elements * _elementBytes) + (_hasText ? 2 * json.Length : 0);
        return Math.Min(bytes, _hasText ? 2 * _mostBytes : _mostBytes);
    }

    /// <summary>Returns the memory to the model.</summary>
    public void Dispose()
    {
        if (!_rented)
            return;
        _rented = false;
        Release();
    }

    internal PredictionInputs Rent()
    {
        _rented = true;
        _holders = 1;
        return this;
    }

    /// <summary>Keeps the memory beyond <see cref="Dispose"/>, until <see cref="Release"/>: for outputs that are inputs, of which ONNX Runtime makes no copy.</summary>
    internal void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>Ends a <see cref="Hold"/>.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
            return;
        foreach (var tensor in _tensors)
            tensor.Clear();
        _work?.Release(_reserved);
        _reserved = 0;
        _returned(this);
    }

    /// <summary>The names of a model's inputs as they stand in JSON.</summary>
    internal static byte[][] Names(ModelSignature signature) => [.. signature.Inputs.Select(input => Encoding.UTF8.GetBytes(input.Name))];

    /// <summary>The tensors for ONNX Runtime, in the signature's order.</summary>
    internal OrtValue[] ToOrtValues()
    {
        for (var i = 0; i < _tensors.Length; i++)
        {
            if (!_tensors[i].HasValue)
                throw Missing(_tensors[i].Signature);
            _values[i] = _tensors[i].ToOrtValue();
        }

        return _values;
    }

    /// <summary>Frees what is not the garbage collector's.</summary>
    internal void Free()
    {
        foreach (var tensor in _tensors)
            tensor.Free();
        Guard.Dispose();
    }

    private static InvalidInputException Missing(ValueSignature input) => new($"values lacks {input.Name}, which expects {input.TypeName}");

    private void ReadObject(ref Utf8JsonReader reader)
    {
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            var input = Find(ref reader);
            Next(ref reader);
            _tensors[input].ReadNested(ref reader);
        }

        foreach (var tensor in _tensors)
        {
            if (!tensor.HasValue)
                throw Missing(tensor.Signature);
        }
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader)
    {
        try
        {
            if (!reader.Read())
                throw new JsonException("The JSON ends early.");
            return reader.TokenType;
        }
        catch (IndexOutOfRangeException failure)
        {
            throw NestedReader.EndsInLiteral(failure);
        }
    }

    private int Find(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            if (!MemberName.Is(ref reader, _names[i]))
                continue;
            if (_tensors[i].HasValue)
                throw new InvalidInputException($"values has {_tensors[i].Signature.Name} twice");
            return i;
        }

        throw new InvalidInputException($"values has {InputError.Text(ref reader)}, which the model does not take; its inputs are {InputList()}");
    }

    private string InputList() => string.Join(", ", _tensors.Select(tensor => $"{tensor.Signature.Name} {tensor.Signature.TypeName}"));
}
