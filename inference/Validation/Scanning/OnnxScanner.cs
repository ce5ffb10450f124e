using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference;

/// <summary>
/// Reads an ONNX file without loading it: weights are skipped, so that a file of 2 GB takes no more memory than one of 2 KB.
/// Everything that ONNX Runtime should not be asked to look at ends here, with a sentence.
/// </summary>
internal sealed class OnnxScanner
{
    private const int MaxNameBytes = 4_096;
    private const int MaxTextBytes = 4_096;
    private const int MaxEntries = 256;

    private readonly ProtoReader _in;
    private readonly ValidationLimits _limits;
    private readonly Dictionary<string, long> _opsets = [];
    private readonly Dictionary<string, string> _metadata = [];
    private readonly HashSet<(string Domain, string Name)> _functions = [];
    private readonly Dictionary<(string Domain, string Name), string> _custom = [];
    private int _depth;
    private int _nodes;
    private int _initializers;

    private OnnxScanner(ProtoReader reader, ValidationLimits limits)
    {
        _in = reader;
        _limits = limits;
    }

    /// <summary>Scans the stream from where it stands to its end.</summary>
    /// <exception cref="InvalidModelException">The file is not one that can be served.</exception>
    public static OnnxScan Scan(Stream stream, ValidationLimits limits, CancellationToken cancellation)
    {
        var reader = new ProtoReader(stream, cancellation);
        if (reader.Head.IsEmpty)
            throw new InvalidModelException("The file is empty.");
        var kind = FileKind.Recognise(reader.Head);
        try
        {
            return new OnnxScanner(reader, limits).Model();
        }
        catch (InvalidModelException) when (kind is not null)
        {
            throw new InvalidModelException($"The file looks like {kind}; an ONNX model is expected.");
        }
    }

    private OnnxScan Model()
    {
        long? irVersion = null;
        string? producer = null, producerVersion = null, documentation = null;
        var hasGraph = false;
        var fields = new Fields(OnnxSchema.Model, Outer: 0);
        _depth = 1;
        while (Next(ref fields, out var number))
        {
            switch (number)
            {
                case 1:
                    irVersion = (long)_in.ReadVarint();
                    break;
                case 2:
                    producer = _in.ReadBeginning(MaxTextBytes);
                    break;
                case 3:
                    producerVersion = _in.ReadBeginning(MaxTextBytes);
                    break;
                case 6:
                    documentation = _in.ReadBeginning(MaxTextBytes);
                    break;
                case 7:
                    hasGraph = true;
                    Graph(isMain: true);
                    break;
                case 8:
                    OperatorSet();
                    break;
                case 14:
                    Metadata();
                    break;
                case 25:
                    Function();
                    break;
                default:
                    Descend(fields, number);
                    break;
            }
        }

        CheckVersions(irVersion, hasGraph);
        var name = Printable.Line($"{producer} {producerVersion}", 200);
        return new OnnxScan(irVersion!.Value, _opsets, name.Length > 0 ? name : null, string.IsNullOrEmpty(documentation) ? null : documentation, _metadata);
    }

    private void CheckVersions(long? irVersion, bool hasGraph)
    {
        if (irVersion is null or < 1)
            throw new InvalidModelException("The file does not say which ONNX IR version it follows, so it is probably not an ONNX model.");
        if (irVersion > OnnxSupport.MaxIrVersion)
            throw new InvalidModelException($"The model uses ONNX IR version {irVersion}; versions up to {OnnxSupport.MaxIrVersion} are supported.");
        if (!hasGraph)
            throw new InvalidModelException("The model has no graph.");
        if (_opsets.Count == 0)
            throw new InvalidModelException("The model does not say which operator set it uses (opset_import).");
        foreach (var (domain, version) in _opsets)
        {
            if (OnnxSupport.MaxOpsets.TryGetValue(domain, out var most) && version > most)
                throw new InvalidModelException($"The model uses opset {version} of {domain}; opsets up to {most} are supported.");
        }

        foreach (var (custom, node) in _custom)
        {
            if (!_functions.Contains(custom))
            {
                throw new InvalidModelException(
                    $"{node} uses the custom operator {Printable.Quoted($"{custom.Domain}:{custom.Name}")}; only operators of ONNX and ONNX Runtime are supported.");
            }
        }
    }

    private void OperatorSet()
    {
        var domain = "";
        long version = 0;
        var fields = Enter(OnnxSchema.OperatorSet);
        while (Next(ref fields, out var number))
        {
            if (number == 1)
                domain = Name();
            else
                version = (long)_in.ReadVarint();
        }

        domain = OnnxSupport.Domain(domain);
        if (_opsets.TryGetValue(domain, out var other) && other != version)
            throw new InvalidModelException($"The model imports two versions of the operator set {Printable.Quoted(domain)}: {other} and {version}.");
        if (_opsets.Count == MaxEntries)
            throw new InvalidModelException($"The model imports more than {MaxEntries} operator sets.");
        _opsets[domain] = version;
    }

    private void Metadata()
    {
        string key = "", value = "";
        var fields = Enter(OnnxSchema.Entry);
        while (Next(ref fields, out var number))
        {
            if (number == 1)
                key = _in.ReadBeginning(MaxTextBytes);
            else
                value = _in.ReadBeginning(MaxTextBytes);
        }

        if (_metadata.Count < MaxEntries)
            _metadata[key] = value;
    }

    private void Function()
    {
        string name = "", domain = "";
        var fields = Enter(OnnxSchema.Function);
        while (Next(ref fields, out var number))
        {
            switch (number)
            {
                case 1:
                    name = Name();
                    break;
                case 7:
                    Node();
                    break;
                case 10:
                    domain = Name();
                    break;
                case 11:
                    Attribute("A function's default");
                    break;
                default:
                    Descend(fields, number);
                    break;
            }
        }

        // A function is a node at least, or it would cost nothing to have millions of them.
        CountNode();
        _functions.Add((OnnxSupport.Domain(domain), name));
    }

    private void Graph(bool isMain)
    {
        var initializers = new HashSet<UInt128>();
        var inputs = new List<ValueFacts>();
        var outputs = new List<ValueFacts>();
        var fields = Enter(OnnxSchema.Graph);
        while (Next(ref fields, out var number))
        {
            switch (number)
            {
                case 1:
                    Node();
                    break;
                case 5:
                    var tensor = Tensor();
                    tensor.Check(InitializerLabel(tensor));
                    Initializer(tensor, initializers);
                    break;
                case 11 when isMain:
                    Value(inputs, "inputs");
                    break;
                case 12 when isMain:
                    Value(outputs, "outputs");
                    break;
                case 15:
                    Initializer(SparseTensor(InitializerLabel), initializers);
                    break;
                default:
                    Descend(fields, number);
                    break;
            }
        }

        CheckValues(inputs.FindAll(input => !initializers.Contains(Digest(input.Name))), "input", needsShape: true);
        CheckValues(outputs, "output", needsShape: false);
    }

    private void Initializer(TensorFacts tensor, HashSet<UInt128> names)
    {
        if (++_initializers > _limits.MaxInitializers)
            throw new InvalidModelException($"The model has more than {_limits.MaxInitializers} initializers.");
        if (!names.Add(Digest(tensor.Name)))
            throw new InvalidModelException($"{InitializerLabel(tensor)} is there twice.");
    }

    private static string InitializerLabel(TensorFacts tensor) => $"Initializer {Printable.Quoted(tensor.Name)}";

    private static void CheckValues(List<ValueFacts> values, string role, bool needsShape)
    {
        var names = new HashSet<string>();
        foreach (var value in values)
        {
            if (value.Name.Length == 0)
                throw new InvalidModelException($"An {role} of the model has no name.");
            if (!names.Add(value.Name))
                throw new InvalidModelException($"Two {role}s of the model are called {Printable.Quoted(value.Name)}.");
            if (value.ElementType is { } type && Datatypes.FromOnnx((TensorElementType)type) is null)
            {
                throw new InvalidModelException(
                    $"The {role} {Printable.Quoted(value.Name)} has the element type {ElementTypes.Name(type)}, which cannot be sent or received.");
            }

            if (value.BadDimension is { } dimension)
                throw new InvalidModelException($"The {role} {Printable.Quoted(value.Name)} has a dimension of {dimension}, which is out of range.");
            if (needsShape && value.IsTensorWithoutShape)
            {
                throw new InvalidModelException(
                    $"The {role} {Printable.Quoted(value.Name)} does not say how many dimensions it has: export the model with the shapes of its inputs.");
            }
        }
    }

    private void Value(List<ValueFacts> values, string role)
    {
        if (values.Count == _limits.MaxValues)
            throw new InvalidModelException($"The model has more than {_limits.MaxValues} {role}.");
        var value = new ValueFacts();
        values.Add(value);
        var fields = Enter(OnnxSchema.Value);
        while (Next(ref fields, out var number))
        {
            if (number == 1)
                value.Name = Name();
            else if (number == 2)
                ValueType(value);
            else
                Descend(fields, number);
        }
    }

    private void ValueType(ValueFacts value)
    {
        var fields = Enter(OnnxSchema.Type);
        while (Next(ref fields, out var number))
        {
            if (number != 1)
            {
                Descend(fields, number);
                continue;
            }

            value.IsTensorWithoutShape = true;
            var tensor = Enter(OnnxSchema.TensorType);
            while (Next(ref tensor, out number))
            {
                if (number == 2)
                    Shape(value);
                else
                    value.ElementType = (long)_in.ReadVarint();
            }
        }
    }

    private void Shape(ValueFacts value)
    {
        value.IsTensorWithoutShape = false;
        var shape = Enter(OnnxSchema.Shape);
        while (Next(ref shape, out _))
        {
            var dimension = Enter(OnnxSchema.Dimension);
            while (Next(ref dimension, out var number))
            {
                if (number != 1)
                    Descend(dimension, number);
                else if ((long)_in.ReadVarint() is var size and not (>= -1 and <= int.MaxValue))
                    value.BadDimension ??= size;
            }
        }
    }

    private void Node()
    {
        CountNode();
        string name = "", type = "", domain = "", output = "";
        var fields = Enter(OnnxSchema.Node);
        while (Next(ref fields, out var number))
        {
            switch (number)
            {
                case 2 when output.Length == 0:
                    output = Name();
                    break;
                case 3:
                    name = Name();
                    break;
                case 4:
                    type = Name();
                    break;
                case 5:
                    Attribute(Label());
                    break;
                case 7:
                    domain = Name();
                    break;
                default:
                    Descend(fields, number);
                    break;
            }
        }

        domain = OnnxSupport.Domain(domain);
        if (OnnxSupport.MaxOpsets.ContainsKey(domain))
            return;
        if (_custom.Count == MaxEntries && !_custom.ContainsKey((domain, type)))
            throw new InvalidModelException($"The model uses more than {MaxEntries} operators that are not ONNX's own.");
        _custom.TryAdd((domain, type), Label());

        string Label() => $"Node {Printable.Quoted(name.Length > 0 ? name : output)}";
    }

    private void CountNode()
    {
        if (++_nodes > _limits.MaxNodes)
            throw new InvalidModelException($"The model has more than {_limits.MaxNodes} nodes.");
    }

    private void Attribute(string owner)
    {
        var name = "";
        var fields = Enter(OnnxSchema.Attribute);
        while (Next(ref fields, out var number))
        {
            switch (number)
            {
                case 1:
                    name = Name();
                    break;
                case 5 or 10:
                    Tensor().Check(Label());
                    break;
                case 6 or 11:
                    Graph(isMain: false);
                    break;
                case 22 or 23:
                    SparseTensor(_ => Label());
                    break;
                default:
                    Descend(fields, number);
                    break;
            }
        }

        string Label() => $"{owner}, attribute {Printable.Quoted(name)},";
    }

    private TensorFacts SparseTensor(Func<TensorFacts, string> label)
    {
        TensorFacts values = new(), indices = new(), dense = new();
        var fields = Enter(OnnxSchema.SparseTensor);
        while (Next(ref fields, out var number))
        {
            switch (number)
            {
                case 1:
                    values = Tensor();
                    break;
                case 2:
                    indices = Tensor();
                    break;
                default:
                    Dimensions(dense, fields);
                    break;
            }
        }

        values.Check(label(values));
        indices.Check(label(values));
        dense.CheckDimensions(label(values));
        return values;
    }

    private TensorFacts Tensor()
    {
        var tensor = new TensorFacts();
        var fields = Enter(OnnxSchema.Tensor);
        while (Next(ref fields, out var number))
        {
            switch (number)
            {
                case 1:
                    Dimensions(tensor, fields);
                    break;
                case 2:
                    tensor.Type = (long)_in.ReadVarint();
                    break;
                case 3:
                    tensor.IsSegment = true;
                    Descend(fields, number);
                    break;
                case 4 or 5 or 6 or 7 or 10 or 11:
                    tensor.AddEntries(number, SkipEntries(fields, number));
                    break;
                case 8:
                    tensor.Name = Name();
                    break;
                case 9:
                    tensor.RawBytes = _in.ReadLength();
                    _in.SkipBytes(tensor.RawBytes.Value);
                    break;
                case 13:
                    tensor.IsExternal = true;
                    Descend(fields, number);
                    break;
                case 14:
                    tensor.IsExternal |= _in.ReadVarint() != 0;
                    break;
                default:
                    Descend(fields, number);
                    break;
            }
        }

        return tensor;
    }

    private void Dimensions(TensorFacts tensor, in Fields fields)
    {
        if (fields.WireType == WireType.Varint)
        {
            tensor.AddDimension((long)_in.ReadVarint());
            return;
        }

        var outer = _in.Enter();
        while (!_in.AtEnd)
            tensor.AddDimension((long)_in.ReadVarint());
        _in.Leave(outer);
    }

    // A string or message is one entry; numbers may be packed, and then are as many as fit.
    private long SkipEntries(in Fields fields, int number)
    {
        var field = fields.Message[number]!;
        if (fields.WireType != WireType.Length || field.WireType == WireType.Length)
        {
            _in.Skip(fields.WireType);
            return 1;
        }

        var length = _in.ReadLength();
        if (field.WireType == WireType.Varint)
            return _in.CountVarints(length);
        var size = field.WireType == WireType.Fixed32 ? 4 : 8;
        if (length % size != 0)
            throw ProtoReader.Damaged($"a list of numbers in {field.Name} that ends in the middle of one");
        _in.SkipBytes(length);
        return length / size;
    }

    private void Descend(in Fields fields, int number)
    {
        switch (fields.Message[number]!.Message)
        {
            case null:
                SkipEntries(fields, number);
                break;
            case var message when message == OnnxSchema.Graph:
                Graph(isMain: false);
                break;
            case var message:
                var inner = Enter(message);
                while (Next(ref inner, out number))
                    Descend(inner, number);
                break;
        }
    }

    private Fields Enter(ProtoMessage message)
    {
        if (_depth == _limits.MaxNesting)
            throw new InvalidModelException($"The model is nested more than {_limits.MaxNesting} levels deep.");
        _depth++;
        return new Fields(message, _in.Enter());
    }

    private bool Next(ref Fields fields, out int number)
    {
        while (!_in.AtEnd)
        {
            number = _in.ReadTag(out var wireType);
            if (fields.Message[number] is not { } field)
            {
                _in.Skip(wireType);
                continue;
            }

            if (!field.Accepts(wireType))
                throw ProtoReader.Damaged($"{field.Name} of a {fields.Message.Name} in wire type {(int)wireType}");
            if (!field.Repeated && (fields.Seen & (1UL << number)) != 0)
                throw new InvalidModelException($"The file gives {field.Name} of a {fields.Message.Name} twice, so that readers may disagree on what it is.");
            fields = fields with { Seen = fields.Seen | (1UL << number), WireType = wireType };
            return true;
        }

        number = 0;
        if (--_depth > 0)
            _in.Leave(fields.Outer);
        return false;
    }

    private string Name() => _in.ReadText(MaxNameBytes);

    // Names may be long and many; digests of them are neither.
    private static UInt128 Digest(string name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    private readonly record struct Fields(ProtoMessage Message, long Outer, ulong Seen = 0, WireType WireType = WireType.Length);
}
