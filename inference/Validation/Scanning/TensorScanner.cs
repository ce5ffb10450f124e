namespace Larder.Inference.Validation.Scanning;

/// <summary>Reads what tensors declare, and skips their data.</summary>
internal sealed class TensorScanner(MessageReader reader, ExternalFiles files)
{
    /// <summary>Reads a <c>TensorProto</c>. The caller checks it, since the caller knows its label.</summary>
    public TensorFacts Tensor()
    {
        var tensor = new TensorFacts();
        var fields = reader.Enter(OnnxSchema.Tensor);
        while (reader.Next(ref fields, out var number))
        {
            switch (number)
            {
                case TensorFields.Dims:
                    reader.Numbers(fields, tensor.AddDimension);
                    break;
                case TensorFields.DataType:
                    tensor.Type = reader.Number();
                    break;
                case TensorFields.Segment:
                    tensor.IsSegment = true;
                    reader.Skip(fields, number);
                    break;
                case TensorFields.FloatData or TensorFields.Int32Data or TensorFields.StringData or TensorFields.Int64Data or TensorFields.DoubleData or TensorFields.UInt64Data:
                    tensor.AddEntries(number, reader.SkipEntries(fields, number));
                    break;
                case TensorFields.Name:
                    tensor.Name = reader.Name();
                    break;
                case TensorFields.RawData:
                    tensor.RawBytes = reader.Values.ReadLength();
                    reader.Values.SkipBytes(tensor.RawBytes.Value);
                    break;
                case TensorFields.ExternalData:
                    (tensor.External ??= new ExternalPlace()).Read(reader);
                    break;
                case TensorFields.DataLocation:
                    tensor.Location = reader.Number();
                    break;
                default:
                    reader.Skip(fields, number);
                    break;
            }
        }

        return tensor;
    }

    /// <summary>Reads and checks a <c>SparseTensorProto</c>.</summary>
    /// <param name="label">What to call it, given its values.</param>
    /// <returns>Its values, which carry its name.</returns>
    public TensorFacts SparseTensor(Func<TensorFacts, string> label)
    {
        TensorFacts values = new(), indices = new(), dense = new();
        var fields = reader.Enter(OnnxSchema.SparseTensor);
        while (reader.Next(ref fields, out var number))
        {
            switch (number)
            {
                case SparseTensorFields.Values:
                    values = Tensor();
                    break;
                case SparseTensorFields.Indices:
                    indices = Tensor();
                    break;
                default:
                    reader.Numbers(fields, dense.AddDimension);
                    break;
            }
        }

        values.Check(label(values), files);
        indices.Check(label(values), files);
        dense.CheckDimensions(label(values));
        return values;
    }
}

/// <summary>Declaration of one tensor. Collected first and checked at the end, since protobuf fields come in any order.</summary>
internal sealed class TensorFacts
{
    // Elements times the largest element, 16 bytes, still fit a long.
    private const long MostElements = long.MaxValue / 16;

    private UInt128 _product = 1;
    private bool _hasZero;
    private bool _tooLarge;
    private long? _negative;
    private int _dataField;
    private bool _mixed;

    public string Name { get; set; } = "";

    public long Type { get; set; }

    public long? RawBytes { get; set; }

    public long Entries { get; private set; }

    /// <summary>What it says of another file; null when it says nothing.</summary>
    public ExternalPlace? External { get; set; }

    /// <summary>Where its data are: 0 here, 1 in another file.</summary>
    public long Location { get; set; }

    public bool IsSegment { get; set; }

    public void AddDimension(long dimension)
    {
        if (dimension < 0)
            _negative ??= dimension;
        else if (dimension == 0)
            _hasZero = true;
        else if (!_tooLarge)
            _tooLarge = (_product *= (ulong)dimension) > MostElements;
    }

    public void AddEntries(int field, long count)
    {
        _mixed |= _dataField != 0 && _dataField != field;
        _dataField = field;
        Entries += count;
    }

    /// <summary>Refuses dimensions that are negative or too large.</summary>
    public void CheckDimensions(string what)
    {
        if (_negative is { } negative)
            throw new InvalidModelException($"{what} has a dimension of {negative}; dimensions are 0 or more.");
        if (_tooLarge)
            throw new InvalidModelException($"{what} declares more elements than any memory holds.");
    }

    /// <summary>Refuses a tensor whose data are not what its type and dimensions say, or are not in the files that came with the model.</summary>
    public void Check(string what, ExternalFiles files)
    {
        if (Location is not (0 or 1) || (Location == 0 && External is not null) || External is { IsAmbiguous: true })
            throw new InvalidModelException($"{what} does not say clearly where its data are: its data_location is {Location}, and what it says of another file is missing, or there twice.");
        if (IsSegment)
            throw new InvalidModelException($"{what} is one segment of a larger tensor, which ONNX Runtime does not support.");
        if (!ElementTypes.IsKnown(Type))
            throw new InvalidModelException($"{what} has the element type {Type}, which ONNX does not define.");
        CheckDimensions(what);

        var elements = _hasZero ? 0 : (long)_product;
        var declared = $"{what} declares {elements} {(elements == 1 ? "element" : "elements")} of type {ElementTypes.Name(Type)}";
        if (_mixed || (RawBytes is not null && Entries > 0))
            throw new InvalidModelException($"{what} stores its data twice, so that readers may disagree on what they are.");
        if (Location == 1)
        {
            if (RawBytes > 0 || Entries > 0)
                throw new InvalidModelException($"{what} has data here and in another file, so that readers may disagree on what they are.");
            if (Type == ElementTypes.String)
                throw new InvalidModelException($"{what} keeps strings in another file, which ONNX does not allow.");
            files.Check(what, External ?? new ExternalPlace(), ElementTypes.Bytes(Type, elements));
        }
        else if (RawBytes is { } bytes)
        {
            if (Type == ElementTypes.String)
                throw new InvalidModelException($"{what} stores strings as raw data, which ONNX does not allow.");
            if (bytes != ElementTypes.Bytes(Type, elements))
                throw new InvalidModelException($"{declared}, {ElementTypes.Bytes(Type, elements)} bytes, but holds {bytes} bytes.");
        }
        else if (Entries != ElementTypes.Entries(Type, elements))
        {
            throw new InvalidModelException($"{declared}, but holds {Entries} of the {ElementTypes.Entries(Type, elements)} values that it needs.");
        }
        else if (Entries > 0 && _dataField != ElementTypes.Field(Type))
        {
            throw new InvalidModelException($"{declared}, but stores values of another type.");
        }
    }
}
