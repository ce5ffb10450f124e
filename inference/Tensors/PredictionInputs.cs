using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Rows;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Tensors;

/// <summary>
/// The inputs of one prediction: a <see cref="TensorBuffer"/> for each input of the model, also of the optional ones, which are behind the others. Rented with <see cref="LoadedModel.RentInputs"/> and
/// returned by <see cref="Dispose"/>; not used afterwards. Not thread-safe.
/// </summary>
public sealed partial class PredictionInputs : IDisposable
{
    private readonly InputPool? _pool;
    private readonly TensorBuffer[] _tensors;
    private readonly NestedReader[] _readers;
    private readonly byte[][] _names;
    private readonly OrtValue[] _values;
    private readonly int _required;
    private readonly MemoryShare? _work;
    private readonly long _mostBytes;
    private readonly int _elementBytes;
    private readonly bool _hasText;
    private readonly bool _takesMissing;
    private OrtValue? _last;
    private long _reserved;
    private int _holders;
    private bool _rented;

    /// <param name="signature">The model's signature.</param>
    /// <param name="names">The UTF-8 names of its inputs (<see cref="Names"/>).</param>
    /// <param name="limits">Validated limits.</param>
    /// <param name="takesMissing">Whether missing values become NaN.</param>
    /// <param name="work">Budget that <see cref="ReserveAsync(long, CancellationToken)"/> takes bytes from; null in the sandbox, which reserves nothing.</param>
    /// <param name="pool">Pool that the inputs return to; null frees them instead.</param>
    internal PredictionInputs(ModelSignature signature, byte[][] names, InferenceLimits limits, bool takesMissing = false, MemoryShare? work = null, InputPool? pool = null)
    {
        _pool = pool;
        _takesMissing = takesMissing;
        _work = work;
        _hasText = signature.AllInputs.Any(input => input.Datatype == Datatype.Bytes);
        _elementBytes = signature.AllInputs.Select(input => input.Datatype == Datatype.Bytes ? TensorBuffer.TextBytes : input.Datatype!.Value.Size()).DefaultIfEmpty().Max();
        _mostBytes = (signature.Inputs.Count + signature.OptionalInputs.Count) * limits.TensorBytes;
        _names = names;
        _tensors = [.. signature.AllInputs.Select(input => new TensorBuffer(input, limits.TensorBytes))];
        _readers = [.. _tensors.Select(tensor => new NestedReader(tensor, takesMissing))];
        _required = signature.Inputs.Count;
        _values = new OrtValue[_required];
    }

    /// <summary>Number of inputs that a prediction must be given.</summary>
    public int Count => _required;

    /// <summary>Whether an input is of type BYTES.</summary>
    public bool HasText => _hasText;

    /// <summary>The tensor of one input, in the signature's order.</summary>
    public TensorBuffer this[int input] => _tensors[input];

    /// <summary>The tensors of all inputs, also of the optional ones, in the signature's order.</summary>
    internal ReadOnlySpan<TensorBuffer> All => _tensors;

    /// <summary>Bytes of memory that the tensors hold, used or not.</summary>
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

    /// <summary>The bytes that their pool has counted for them; null when it has counted none.</summary>
    internal long? Pooled { get; set; }

    /// <summary>Outputs that are bound with these inputs, which free them; null for none.</summary>
    internal BoundOutputs? Bound { get; set; }

    /// <summary>The number of rows, if every input has a variable batch dimension and all have the same number; otherwise -1, and with an optional input, which counts for the whole run.</summary>
    internal long Rows
    {
        get
        {
            var rows = -1L;
            if (HasOptional)
                return rows;
            foreach (var tensor in _tensors.AsSpan(0, _required))
            {
                if (!tensor.HasValue || !tensor.Signature.HasVariableBatch || (rows >= 0 && tensor.Shape[0] != rows))
                    return -1;
                rows = tensor.Shape[0];
            }

            return rows;
        }
    }

    /// <summary>Whether an optional input has a value.</summary>
    internal bool HasOptional
    {
        get
        {
            foreach (var tensor in _tensors.AsSpan(_required))
            {
                if (tensor.HasValue)
                    return true;
            }

            return false;
        }
    }

    /// <summary>The first input that has a value without elements; null when there is none.</summary>
    internal ValueSignature? FirstEmpty => Array.Find(_tensors, tensor => tensor.HasValue && tensor.Shape.Contains(0))?.Signature;

    /// <summary>
    /// Reads the value of a request's <c>values</c>. The reader is on its first token, and is left on its last.
    /// <list type="bullet">
    /// <item>A model with one input takes the input's value, or an object <c>{name: value}</c>. A model with several takes the object:
    /// every input once, optional ones (<see cref="ModelSignature.OptionalInputs"/>) at most once, no other name.</item>
    /// <item>A value is nested lists, as deep as the input's rank. Where the first dimension is -1 or 1, one observation may come without
    /// the list around it: for [-1,4] both <c>[[1,2,3,4]]</c> and <c>[1,2,3,4]</c>, for [-1] both <c>[1]</c> and <c>1</c>. For [] it is a
    /// bare value.</item>
    /// <item>Lists must have the lengths that the shape says; where it says -1, any length, but the same for all lists of that depth. An empty
    /// list in place of a list of lists has the full depth: <c>[]</c> for [-1,4] is a batch of no rows, [0,4].</item>
    /// <item>Elements: BOOL takes true and false; BYTES strings; the others numbers that the datatype can hold. Integers must be whole
    /// (<c>1.0</c> is), and are exact to 64 bits. Floating-point numbers are rounded to the nearest, ties to even.</item>
    /// <item>With named columns, a table may be given by their names, in any order: an object with a value for each (one row), an object
    /// with a list for each (a column), or a list of objects with a value for each (rows). Rows may also be objects with a row of each input.</item>
    /// </list>
    /// </summary>
    /// <param name="reader">The value.</param>
    /// <param name="columns">The named columns, if the model has any.</param>
    /// <exception cref="InvalidInputException">The value does not fit the model.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public void Read(ref Utf8JsonReader reader, FeatureColumns? columns = null)
    {
        Clear();
        if (reader.TokenType == JsonTokenType.StartObject || JsonTokens.IsListOfObjects(reader))
            ReadObjects(ref reader, columns);
        else if (_required == 1)
            _readers[0].Read(ref reader, columns);
        else
            throw new InvalidInputException($"the model has {InputError.Count(_required, "input")}: values must be an object with {InputList()}; got {InputError.Noun(reader.TokenType)}");
    }

    /// <summary>
    /// Reads the records of a table: a list of objects with a value for each column; or, of a model that has no such columns, with a row of each input. The reader is on the list's beginning, and
    /// is left on its end.
    /// </summary>
    /// <exception cref="InvalidInputException">The records do not fit the model.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public void ReadRecords(ref Utf8JsonReader reader, FeatureColumns? columns, TableRules rules)
    {
        Clear();
        var names = RecordReader.FirstNames(reader);
        if (columns is not null && (!columns.IsDerived || names.All(name => columns.Find(name) >= 0 || IndexOf(Encoding.UTF8.GetBytes(name)) < 0)))
            new RecordReader(_tensors, columns.In(names, rules), _takesMissing, rules).ReadRecords(ref reader);
        else if (reader.TokenType == JsonTokenType.StartArray)
            new RowsReader(this, _readers, _takesMissing, rules.Member, areExamples: false).Read(ref reader);
        else
            throw new InvalidInputException($"{rules.Member} is {InputError.Noun(reader.TokenType)} where a list of records belongs");
    }

    /// <summary>Reads the rows of a table: a list of lists with a value for each column. The reader is on the list's beginning, and is left on its end.</summary>
    /// <param name="reader">The rows.</param>
    /// <param name="columns">The columns of the model.</param>
    /// <param name="names">The columns of the rows, in order.</param>
    /// <param name="rules">What is said of columns that do not fit.</param>
    /// <exception cref="InvalidInputException">The columns or the rows do not fit the model.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public void ReadRows(ref Utf8JsonReader reader, FeatureColumns columns, IReadOnlyList<string> names, TableRules rules)
    {
        Clear();
        columns = columns.In(names, rules);
        new RecordReader(_tensors, columns, _takesMissing, rules).ReadRows(ref reader, columns.PlacesOf(names, rules));
    }

    /// <summary>Adds one element to the value of an input, as a text has it: a number, <c>true</c> or <c>false</c> (or 1 and 0), or the text itself.</summary>
    /// <param name="input">Index of the input.</param>
    /// <param name="column">Its place in the row.</param>
    /// <param name="text">Valid UTF-8. Empty, and names of NaN and infinities, as <see cref="MissingValues"/> has them; an empty text of a BYTES input is one, unless its feature has a default.</param>
    /// <param name="features">The features of the input, if it has any.</param>
    /// <returns>An error message; null if the value is valid.</returns>
    public string? AddText(int input, int column, ReadOnlySpan<byte> text, FeatureColumns? features)
    {
        var tensor = _tensors[input];
        if (tensor.IsText)
        {
            if (!text.IsEmpty || tensor.TryAppendDefault(features, column) != ElementError.None)
                tensor.AppendText(text);
            return null;
        }

        var destination = tensor.Next(tensor.Datatype.Size());
        var error = ElementText.Read(tensor.Datatype, text, destination);
        if (error != ElementError.None && MissingValues.Of(text) is { } value)
            error = MissingValues.Write(value, tensor.Datatype, _takesMissing, features, column, destination);
        return error == ElementError.None ? null : ElementText.Explain(error, tensor.Datatype, text);
    }

    /// <summary>Ends a value whose elements were added by <see cref="AddText"/>.</summary>
    /// <param name="input">Index of the input.</param>
    /// <param name="rows">How many rows were added.</param>
    /// <param name="width">How many values each of them has.</param>
    /// <exception cref="InvalidInputException">The input does not take so many rows.</exception>
    public void EndRows(int input, int rows, int width)
    {
        var tensor = _tensors[input];
        var shape = RowShape.Of(tensor.Signature, rows, width) ?? throw InputError.Got(tensor.Signature, InputError.Count(rows, "row"));
        tensor.ElementsOf(shape);
        tensor.Complete(shape);
    }

    /// <summary>Reads the value of one input, in nested lists. The reader is on the value's first token, and is left on its last.</summary>
    /// <exception cref="InvalidInputException">The value does not fit the input.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    internal void ReadInput(int input, ref Utf8JsonReader reader, FeatureColumns? features = null) => _readers[input].Read(ref reader, features);

    /// <summary>The place of an input in the signature's order, by its name in UTF-8; -1 when there is none of that name.</summary>
    public int IndexOf(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            if (name.SequenceEqual(_names[i]))
                return i;
        }

        return -1;
    }

    /// <summary>Reads the value of one input whose shape is stated: a list, nested in any way, of its elements in row-major order. The reader is on the list's beginning, and is left on its end.</summary>
    /// <exception cref="InvalidInputException">The shape or the elements do not fit the input.</exception>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public void ReadShaped(int input, ReadOnlySpan<long> shape, ref Utf8JsonReader reader) => ShapedReader.Read(_tensors[input], _takesMissing, shape, ref reader);

    /// <summary>Reads the value of one input whose shape is stated, from the elements' bytes: little-endian, in row-major order; a BOOL is one byte, a string is its length (4 bytes) and its bytes.</summary>
    /// <exception cref="InvalidInputException">The shape or the number of bytes does not fit the input.</exception>
    public void ReadBinary(int input, ReadOnlySpan<long> shape, in ReadOnlySequence<byte> data) => ShapedReader.Read(_tensors[input], shape, data);

    /// <summary>Takes memory for one input whose bytes come later, by <see cref="FillBinary"/>. Not for BYTES.</summary>
    /// <param name="input">The input.</param>
    /// <param name="shape">The shape that is stated.</param>
    /// <param name="bytes">How many bytes come.</param>
    /// <exception cref="InvalidInputException">The shape or the number of bytes does not fit the input.</exception>
    public void ReserveBinary(int input, ReadOnlySpan<long> shape, long bytes) => ShapedReader.Reserve(_tensors[input], shape, bytes);

    /// <summary>Sets a part of the bytes of an input.</summary>
    /// <param name="input">The input.</param>
    /// <param name="start">How many came before.</param>
    /// <param name="part">The part, no longer than what is missing. With the last one, the elements are checked.</param>
    /// <exception cref="InvalidInputException">An element is none of its datatype.</exception>
    public void FillBinary(int input, int start, in ReadOnlySequence<byte> part)
    {
        var tensor = _tensors[input];
        tensor.Fill(start, part);
        if (start + part.Length == tensor.Data.Length)
            ShapedReader.CheckElements(tensor);
    }

    /// <summary>Gives one input its shape, and returns the memory of its elements, to be filled by the caller. Not for BYTES.</summary>
    /// <param name="input">The input.</param>
    /// <param name="shape">The shape that is stated.</param>
    /// <param name="count">How many elements came.</param>
    /// <exception cref="InvalidInputException">The shape does not fit the input, or has another number of elements.</exception>
    public Span<byte> ReserveShaped(int input, ReadOnlySpan<long> shape, long count)
    {
        ShapedReader.RequireCount(_tensors[input], shape, count);
        return _tensors[input].Reserve(shape);
    }

    /// <summary>Reads the value of one input of type BYTES whose shape is stated, from its strings in row-major order.</summary>
    /// <exception cref="InvalidInputException">The shape does not fit the input, or has another number of elements; or the strings are too long.</exception>
    public void ReadTexts(int input, ReadOnlySpan<long> shape, IReadOnlyList<ReadOnlyMemory<byte>> texts)
    {
        var tensor = _tensors[input];
        ShapedReader.RequireCount(tensor, shape, texts.Count);
        tensor.Clear();
        foreach (var text in texts)
            tensor.AppendText(text.Span);
        tensor.Complete(shape);
    }

    /// <summary>Sets one input of type BYTES to a single string, of these bytes.</summary>
    /// <exception cref="InvalidInputException">The shape does not fit the input, or the string is too long.</exception>
    public void ReadText(int input, ReadOnlySpan<long> shape, in ReadOnlySequence<byte> text)
    {
        _tensors[input].ElementsOf(shape);
        _tensors[input].Clear();
        _tensors[input].AppendText(text);
        _tensors[input].Complete(shape);
    }

    /// <summary>Removes the values that were read.</summary>
    public void Clear()
    {
        foreach (var tensor in _tensors)
            tensor.Clear();
    }

    /// <summary>Takes from the budget the most bytes that the values of a JSON body can need. Called before <see cref="Read"/>; <see cref="Dispose"/> gives them back.</summary>
    /// <exception cref="MemoryLimitException">A request may never have so many bytes.</exception>
    /// <exception cref="MemoryBusyException">Other requests hold the memory.</exception>
    /// <param name="json">The body, or its part that is JSON.</param>
    /// <param name="binary">Bytes of elements behind the JSON.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask ReserveAsync(in ReadOnlySequence<byte> json, long binary, CancellationToken cancellationToken) => ReserveAsync(BytesFor(json) + binary, cancellationToken);

    /// <summary>Takes from the budget the most bytes that the values of delimited text can need. Called before <see cref="AddText"/>; <see cref="Dispose"/> gives them back.</summary>
    /// <inheritdoc cref="ReserveAsync(in ReadOnlySequence{byte}, long, CancellationToken)"/>
    public ValueTask ReserveRowsAsync(ReadOnlySpan<byte> text, byte delimiter, CancellationToken cancellationToken)
    {
        var elements = 1L + text.Count(delimiter) + text.Count((byte)'\n') + text.Count((byte)'\r');
        return ReserveAsync(Math.Min((elements * _elementBytes) + (_hasText ? 2L * text.Length : 0), _hasText ? 2 * _mostBytes : _mostBytes), cancellationToken);
    }

    /// <summary>Takes bytes from the budget, once, for these inputs and for what they are decoded from; <see cref="Dispose"/> gives them back.</summary>
    /// <exception cref="MemoryLimitException">A request may never have so many bytes.</exception>
    /// <exception cref="MemoryBusyException">Other requests hold the memory.</exception>
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

    /// <summary>Takes the memory from the budget, and fills the inputs that are not optional with zeros, falses and empty strings.</summary>
    /// <exception cref="InvalidInputException">A shape does not fit, or is beyond <see cref="InferenceLimits.TensorBytes"/>.</exception>
    internal async ValueTask FillZerosAsync(long[][] shapes, CancellationToken cancellationToken)
    {
        var elements = shapes.Sum(shape => shape.Aggregate(1L, (product, dimension) => product * dimension));
        await ReserveAsync(Math.Min(elements * _elementBytes, _mostBytes), cancellationToken);
        for (var i = 0; i < shapes.Length; i++)
            _tensors[i].FillZeros(shapes[i]);
    }

    /// <summary>Counts bytes against the budget without waiting: for the merged inputs of requests that run together and whose own bytes were reserved.</summary>
    internal void Charge(long bytes)
    {
        _work!.Add(bytes);
        _reserved = bytes;
    }

    // Elements are separated by commas. A short body is not searched for them: at most every second byte is one.
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

    /// <summary>Starts a use of the inputs, which <see cref="Dispose"/> ends.</summary>
    internal PredictionInputs Rent()
    {
        _rented = true;
        _holders = 1;
        return this;
    }

    /// <summary>Keeps the memory beyond <see cref="Dispose"/>, until <see cref="Release"/>: an output that is also an input shares the input's memory.</summary>
    internal void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>Ends a <see cref="Hold"/>.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
            return;
        Clear();
        _work?.Release(_reserved);
        _reserved = 0;
        if (_pool is null)
            Free();
        else
            _pool.Return(this);
    }

    /// <summary>The UTF-8 names of a model's inputs, also of the optional ones, in the signature's order.</summary>
    internal static byte[][] Names(ModelSignature signature) => [.. signature.AllInputs.Select(input => Encoding.UTF8.GetBytes(input.Name))];

    /// <summary>The tensors for ONNX Runtime, in the signature's order, without the optional ones.</summary>
    internal OrtValue[] ToOrtValues()
    {
        for (var i = 0; i < _required; i++)
        {
            if (!_tensors[i].HasValue)
                throw Missing(_tensors[i].Signature);
            _values[i] = _tensors[i].ToOrtValue();
        }

        return _values;
    }

    /// <summary>The tensors for ONNX Runtime and their names, with the optional ones that have a value.</summary>
    internal (string[] Names, OrtValue[] Values) ToNamedOrtValues()
    {
        var given = _tensors.Where((tensor, i) => i < _required || tensor.HasValue).ToArray();
        return ([.. given.Select(tensor => tensor.Signature.Name)], [.. ToOrtValues(), .. given.Skip(_required).Select(tensor => tensor.ToOrtValue())]);
    }

    /// <summary>Whether the values are those of the run before.</summary>
    internal bool AreSteady(OrtValue[] values)
    {
        var steady = ReferenceEquals(_last, values[0]);
        _last = values[0];
        return steady;
    }

    /// <summary>Frees native memory.</summary>
    internal void Free()
    {
        Bound?.Dispose();
        (Bound, _last) = (null, null);
        foreach (var tensor in _tensors)
            tensor.Free();
    }

    private void ReadObjects(ref Utf8JsonReader reader, FeatureColumns? columns)
    {
        if (columns is not null && RecordReader.IsAhead(reader, _names, columns))
            new RecordReader(_tensors, columns, _takesMissing, TableRules.Strict).Read(ref reader);
        else if (reader.TokenType == JsonTokenType.StartObject)
            ReadObject(ref reader, columns, "values");
        else
            new RowsReader(this, _readers, _takesMissing, "values", areExamples: false).Read(ref reader);
    }

    // The reader is a copy.
    private static InvalidInputException Missing(ValueSignature input, string member = "values") => new($"{member} lacks {input.Name}, which expects {input.TypeName}");

    private void ReadObject(ref Utf8JsonReader reader, FeatureColumns? features, string member, bool isExact = false)
    {
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            var input = Find(ref reader, member);
            Next(ref reader);
            _readers[input].Read(ref reader, input < _required ? features : null, isExact);
        }

        foreach (var tensor in _tensors.AsSpan(0, _required))
        {
            if (!tensor.HasValue)
                throw Missing(tensor.Signature, member);
        }
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader) =>
        JsonTokens.Read(ref reader) ? reader.TokenType : throw new JsonException("The JSON ends early.");

    /// <summary>The input whose name the reader is on.</summary>
    /// <param name="reader">On the name.</param>
    /// <param name="member">What the names are in, for the message.</param>
    /// <param name="start">The input to compare first.</param>
    /// <exception cref="InvalidInputException">The model has none of that name.</exception>
    internal int FindName(ref Utf8JsonReader reader, string member, int start = 0)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            var input = (start + i) % _names.Length;
            if (JsonTokens.IsName(ref reader, _names[input]))
                return input;
        }

        throw new InvalidInputException($"{member} has {InputError.Text(ref reader)}, which the model does not take; its inputs are {InputList()}");
    }

    private int Find(ref Utf8JsonReader reader, string member)
    {
        var input = FindName(ref reader, member);
        return _tensors[input].HasValue ? throw new InvalidInputException($"{member} has {_tensors[input].Signature.Name} twice") : input;
    }

    private string InputList() => string.Join(", ", _tensors.Select((tensor, i) => $"{tensor.Signature.Name} {tensor.Signature.TypeName}{(i < _required ? "" : " (optional)")}"));
}

/// <summary>Pools the <see cref="PredictionInputs"/> of one model. Renting allocates nothing once the pool is warm.</summary>
/// <param name="signature">The model's signature.</param>
/// <param name="limits">Validated limits.</param>
/// <param name="takesMissing">Whether missing values become NaN.</param>
/// <param name="work">Budget that the inputs take their bytes from.</param>
/// <param name="pooled">Counter of the bytes that the pools of all models hold together.</param>
internal sealed class InputPool(ModelSignature signature, InferenceLimits limits, bool takesMissing, MemoryShare work, PooledBytes pooled)
{
    // More inputs than this are rented at once only under overload, where another allocation does not matter.
    private const int MostKept = 64;

    // Fewer inputs are kept if they are as large as images.
    private const long MostBytes = 16 << 20;

    private readonly byte[][] _names = PredictionInputs.Names(signature);
    private readonly ConcurrentQueue<PredictionInputs> _free = new();
    private int _count;
    private long _bytes;
    private volatile bool _closed;

    public PredictionInputs Rent() =>
        _free.TryDequeue(out var inputs) ? inputs.Rent() : new PredictionInputs(signature, _names, limits, takesMissing, work, this).Rent();

    public void Return(PredictionInputs inputs)
    {
        if (!Keeps(inputs))
        {
            Free(inputs);
            return;
        }

        _free.Enqueue(inputs);
        // If the pool was closed meanwhile, nothing else empties it.
        if (_closed)
            Close();
    }

    /// <summary>Frees all pooled inputs; inputs that are returned later are freed at once.</summary>
    public void Close()
    {
        _closed = true;
        while (_free.TryDequeue(out var inputs))
            Free(inputs);
    }

    // Inputs stay counted while they are rented, since they have their memory then, too: so most requests write no counter that other processors need.
    private bool Keeps(PredictionInputs inputs)
    {
        var bytes = inputs.Bytes;
        if (inputs.Pooled == bytes)
            return true;
        var count = inputs.Pooled is null ? Interlocked.Increment(ref _count) : Volatile.Read(ref _count);
        var more = bytes - (inputs.Pooled ?? 0);
        inputs.Pooled = bytes;
        return count <= MostKept & Interlocked.Add(ref _bytes, more) <= MostBytes & pooled.Add(more) <= PooledBytes.Most;
    }

    private void Free(PredictionInputs inputs)
    {
        if (inputs.Pooled is { } bytes)
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Add(ref _bytes, -bytes);
            pooled.Add(-bytes);
            inputs.Pooled = null;
        }

        inputs.Free();
    }
}

/// <summary>Counts the bytes that the input pools of all models hold: many loaded models must not each keep as much as one busy model may.</summary>
internal sealed class PooledBytes
{
    /// <summary>The most bytes that all pools may hold.</summary>
    public const long Most = 64 << 20;

    private long _bytes;

    /// <summary>Adds bytes, or subtracts them, and returns the new sum.</summary>
    public long Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}

/// <summary>What <see cref="Utf8JsonReader"/> does wrong with JSON that a caller wrote.</summary>
public static class JsonTokens
{
    /// <summary>Reads the next token.</summary>
    /// <returns>False at the end of the JSON.</returns>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public static bool Read(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.Read();
        }
        catch (IndexOutOfRangeException failure)
        {
            throw EndsInLiteral(failure);
        }
    }

    /// <summary>The string that the reader is on; null for half of a surrogate pair, which is no name of anything.</summary>
    public static string? Name(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether the reader is on a list that begins with an object. The reader is a copy.</summary>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public static bool IsListOfObjects(Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.StartArray && (Read(ref reader) ? reader.TokenType == JsonTokenType.StartObject : throw new JsonException("The JSON ends early."));

    /// <summary>Skips the value that the reader is on.</summary>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public static void Skip(ref Utf8JsonReader reader)
    {
        try
        {
            reader.Skip();
        }
        catch (IndexOutOfRangeException failure)
        {
            throw EndsInLiteral(failure);
        }
    }

    /// <summary>Whether the property name that the reader is on equals <paramref name="name"/>. A name that is not well-formed Unicode (<c>"\ud800"</c>) equals none.</summary>
    public static bool IsName(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueTextEquals(name);
        try
        {
            return reader.ValueTextEquals(name);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return false;
        }
    }

    /// <summary>The current token for an error message: as it is written, shortened, without control characters.</summary>
    public static string Text(ref Utf8JsonReader reader) => InputError.Text(ref reader);

    /// <summary>
    /// The exception that Utf8JsonReader should throw when JSON in several segments, the last of them empty, ends inside <c>true</c>, <c>false</c> or
    /// <c>null</c>: https://github.com/dotnet/runtime/pull/134448.
    /// </summary>
    internal static JsonException EndsInLiteral(IndexOutOfRangeException failure) => new("The JSON ends inside true, false or null.", failure);
}
