using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Inference.Validation.Scanning;

/// <summary>Reads graphs, their nodes with the graphs in their attributes, and functions: everything that computes or holds weights.</summary>
internal sealed class GraphScanner(MessageReader reader, ValidationLimits limits, ExternalFiles files)
{
    private const int MaxCustomOperators = 256;

    private readonly TensorScanner _tensors = new(reader, files);
    private readonly ValueScanner _values = new(reader, limits);
    private readonly HashSet<(string Domain, string Name)> _functions = [];
    private readonly Dictionary<(string Domain, string Name), string> _custom = [];
    private readonly List<ValueFacts> _optionalInputs = [];
    private int _initializers;

    /// <summary>Nodes so far, in all graphs and functions.</summary>
    public int Nodes { get; private set; }

    /// <summary>See <see cref="OnnxScan"/>.</summary>
    public bool NeedsProof { get; private set; }

    /// <summary>See <see cref="OnnxScan"/>.</summary>
    public bool RefusesEmptyInputs { get; private set; }

    /// <summary>See <see cref="OnnxScan"/>.</summary>
    public bool TakesMissing { get; private set; }

    /// <summary>See <see cref="OnnxScan"/>.</summary>
    public bool UsesExtensions { get; private set; }

    /// <summary>See <see cref="OnnxScan"/>.</summary>
    public bool HasRandomOperators { get; private set; }

    /// <summary>Reads a <c>GraphProto</c>.</summary>
    /// <param name="isMain">Whether its inputs and outputs are the model's.</param>
    public void Graph(bool isMain)
    {
        var initializers = new HashSet<UInt128>();
        var inputs = new List<ValueFacts>();
        var outputs = new List<ValueFacts>();
        var fields = reader.Enter(OnnxSchema.Graph);
        while (reader.Next(ref fields, out var number))
        {
            switch (number)
            {
                case GraphFields.Node:
                    Node();
                    break;
                case GraphFields.Initializer:
                    var tensor = _tensors.Tensor();
                    tensor.Check(Label(tensor), files);
                    Initializer(tensor, initializers);
                    break;
                case GraphFields.Input when isMain:
                    _values.Value(inputs, "input");
                    break;
                case GraphFields.Output when isMain:
                    _values.Value(outputs, "output");
                    break;
                case GraphFields.SparseInitializer:
                    Initializer(_tensors.SparseTensor(Label), initializers);
                    break;
                default:
                    reader.Skip(fields, number);
                    break;
            }
        }

        ValueFacts.Check(inputs.FindAll(input => !initializers.Contains(Digest(input.Name))), "input", needShape: true);
        ValueFacts.Check(outputs, "output", needShape: false);
        if (isMain)
            _optionalInputs.AddRange(inputs.Where(input => initializers.Contains(Digest(input.Name))));
    }

    /// <summary>Refuses initializers that are listed among the inputs and cannot be sent; for files of the IR versions in which that makes them optional inputs.</summary>
    public void CheckOptionalInputs() => ValueFacts.Check(_optionalInputs, "input", needShape: true);

    /// <summary>Reads a <c>FunctionProto</c>: an operator that the model defines.</summary>
    public void Function()
    {
        // It counts as a node, too, or it would cost nothing to have millions of them.
        CountNode();
        string name = "", domain = "";
        var fields = reader.Enter(OnnxSchema.Function);
        while (reader.Next(ref fields, out var number))
        {
            switch (number)
            {
                case FunctionFields.Name:
                    name = reader.Name();
                    break;
                case FunctionFields.Node:
                    Node();
                    break;
                case FunctionFields.Domain:
                    domain = reader.Name();
                    break;
                case FunctionFields.AttributeProto:
                    Attribute("A function's default");
                    break;
                default:
                    reader.Skip(fields, number);
                    break;
            }
        }

        _functions.Add((OnnxSupport.Domain(domain), name));
    }

    /// <summary>Refuses operators that neither ONNX Runtime brings nor the file defines; at the end, since functions may follow their use.</summary>
    public void CheckOperators()
    {
        foreach (var (custom, node) in _custom)
        {
            // The library could take the place of a function of the same name.
            if (OnnxExtensions.Has(custom.Domain) && (UsesExtensions || !_functions.Contains(custom)))
            {
                throw new InvalidModelException(
                    $"{node} uses the operator {Printable.Quoted($"{custom.Domain}:{custom.Name}")}; of ONNX Runtime Extensions, only these are supported: {string.Join(", ", OnnxExtensions.Allowed.Order(StringComparer.Ordinal))}.");
            }

            if (!_functions.Contains(custom))
            {
                throw new InvalidModelException(
                    $"{node} uses the custom operator {Printable.Quoted($"{custom.Domain}:{custom.Name}")}; only operators of ONNX and ONNX Runtime are supported.");
            }
        }
    }

    private void Node()
    {
        CountNode();
        string name = "", type = "", domain = "", output = "";
        var inputs = 0;
        var fields = reader.Enter(OnnxSchema.Node);
        while (reader.Next(ref fields, out var number))
        {
            switch (number)
            {
                case NodeFields.Input:
                    inputs++;
                    reader.Skip(fields, number);
                    break;
                case NodeFields.Output when output.Length == 0:
                    output = reader.Name();
                    break;
                case NodeFields.Name:
                    name = reader.Name();
                    break;
                case NodeFields.OpType:
                    type = reader.Name();
                    break;
                case NodeFields.Attribute:
                    Attribute(NodeLabel());
                    break;
                case NodeFields.Domain:
                    domain = reader.Name();
                    break;
                default:
                    reader.Skip(fields, number);
                    break;
            }
        }

        domain = OnnxSupport.Domain(domain);
        NeedsProof |= UnsafeOperators.NeedsProof(domain, type);
        RefusesEmptyInputs |= UnsafeOperators.EndsOnEmpty(domain, type);
        HasRandomOperators |= RandomOperators.Draws(domain, type, inputs);
        TakesMissing |= (domain, type) is (OnnxSupport.DefaultDomain, "IsNaN") or ("ai.onnx.ml", "Imputer");
        if (OnnxSupport.MaxOpsets.ContainsKey(domain))
            return;
        if (OnnxExtensions.Allows(domain, type))
        {
            UsesExtensions = true;
            return;
        }

        if (_custom.Count == MaxCustomOperators && !_custom.ContainsKey((domain, type)))
            throw new InvalidModelException($"The model uses more than {MaxCustomOperators} operators that are not ONNX's own.");
        _custom.TryAdd((domain, type), NodeLabel());

        string NodeLabel() => $"Node {Printable.Quoted(name.Length > 0 ? name : output)}";
    }

    private void Attribute(string owner)
    {
        var name = "";
        var fields = reader.Enter(OnnxSchema.Attribute);
        while (reader.Next(ref fields, out var number))
        {
            switch (number)
            {
                case AttributeFields.Name:
                    name = reader.Name();
                    break;
                case AttributeFields.T or AttributeFields.Tensors:
                    _tensors.Tensor().Check(AttributeLabel(), files);
                    break;
                case AttributeFields.G or AttributeFields.Graphs:
                    Graph(isMain: false);
                    break;
                // Of tree ensembles: the nodes at which a missing value goes on to the branch for true.
                case AttributeFields.Ints when name == "nodes_missing_value_tracks_true":
                    reader.Numbers(fields, tracks => TakesMissing |= tracks != 0);
                    break;
                case AttributeFields.SparseTensor or AttributeFields.SparseTensors:
                    _tensors.SparseTensor(_ => AttributeLabel());
                    break;
                default:
                    reader.Skip(fields, number);
                    break;
            }
        }

        string AttributeLabel() => $"{owner}, attribute {Printable.Quoted(name)},";
    }

    private void Initializer(TensorFacts tensor, HashSet<UInt128> names)
    {
        if (++_initializers > limits.MaxInitializers)
            throw new InvalidModelException($"The model has more than {limits.MaxInitializers} initializers.");
        if (!names.Add(Digest(tensor.Name)))
            throw new InvalidModelException($"{Label(tensor)} is there twice.");
    }

    private void CountNode()
    {
        if (++Nodes > limits.MaxNodes)
            throw new InvalidModelException($"The model has more than {limits.MaxNodes} nodes.");
    }

    private static string Label(TensorFacts tensor) => $"Initializer {Printable.Quoted(tensor.Name)}";

    // Names may be long and many; digests of them are neither.
    private static UInt128 Digest(string name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
