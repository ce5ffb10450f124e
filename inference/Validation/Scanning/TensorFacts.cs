namespace Larder.Inference.Validation.Scanning;

/// <summary>What one tensor of the file says of itself. Collected first, checked when all of it is known: protobuf fields come in any order.</summary>
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

    public bool IsExternal { get; set; }

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

    /// <summary>Refuses a tensor whose data are elsewhere, or are not what its type and dimensions say.</summary>
    public void Check(string what)
    {
        if (IsExternal)
        {
            throw new InvalidModelException(
                $"{what} keeps its data in another file; a model that references files outside itself cannot be served: save it with its weights inside.");
        }

        if (IsSegment)
            throw new InvalidModelException($"{what} is one segment of a larger tensor, which ONNX Runtime does not support.");
        if (!ElementTypes.IsKnown(Type))
            throw new InvalidModelException($"{what} has the element type {Type}, which ONNX does not define.");
        CheckDimensions(what);

        var elements = _hasZero ? 0 : (long)_product;
        var declared = $"{what} declares {elements} {(elements == 1 ? "element" : "elements")} of type {ElementTypes.Name(Type)}";
        if (_mixed || (RawBytes is not null && Entries > 0))
            throw new InvalidModelException($"{what} stores its data twice, so that readers may disagree on what they are.");
        if (RawBytes is { } bytes)
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
