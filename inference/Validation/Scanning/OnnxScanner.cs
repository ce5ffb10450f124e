namespace Larder.Inference.Validation.Scanning;

/// <summary>
/// Reads an ONNX file without loading it: weights are skipped, so that a file of 2 GB takes no more memory than one of 2 KB.
/// Files that ONNX Runtime should not parse are rejected here, with a sentence for the user.
/// </summary>
internal sealed class OnnxScanner
{
    private const int MaxTextBytes = 4_096;
    private const int MaxEntries = 256;

    private readonly MessageReader _in;
    private readonly ExternalFiles _files;
    private readonly GraphScanner _graphs;
    private readonly Dictionary<string, long> _opsets = [];
    private readonly Dictionary<string, string> _metadata = [];

    private OnnxScanner(ProtoReader reader, ValidationLimits limits, ExternalFiles files)
    {
        _in = new MessageReader(reader, limits.MaxNesting);
        _files = files;
        _graphs = new GraphScanner(_in, limits, files);
    }

    /// <summary>Scans the stream from its position to its end.</summary>
    /// <param name="stream">The model's file.</param>
    /// <param name="limits">How much it may hold.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <param name="files">What came with it; null for nothing.</param>
    /// <exception cref="InvalidModelException">The file is not one that can be served.</exception>
    public static OnnxScan Scan(Stream stream, ValidationLimits limits, CancellationToken cancellationToken, ExternalFiles? files = null)
    {
        var reader = new ProtoReader(stream, cancellationToken);
        if (reader.Head.IsEmpty)
            throw new InvalidModelException("The file is empty.");
        var kind = FileKind.Recognise(reader.Head);
        try
        {
            return new OnnxScanner(reader, limits, files ?? new ExternalFiles(new Dictionary<string, long>())).Model();
        }
        catch (InvalidModelException) when (kind is not null)
        {
            throw new InvalidModelException($"The file looks like {kind.Name}; an ONNX model is expected.{kind.Advice}");
        }
    }

    private OnnxScan Model()
    {
        long? irVersion = null;
        string producer = "", producerVersion = "", documentation = "";
        var hasGraph = false;
        var fields = _in.Begin(OnnxSchema.Model);
        while (_in.Next(ref fields, out var number))
        {
            switch (number)
            {
                case ModelFields.IrVersion:
                    irVersion = _in.Number();
                    break;
                case ModelFields.ProducerName:
                    producer = Text();
                    break;
                case ModelFields.ProducerVersion:
                    producerVersion = Text();
                    break;
                case ModelFields.DocString:
                    documentation = Text();
                    break;
                case ModelFields.Graph:
                    hasGraph = true;
                    _graphs.Graph(isMain: true);
                    break;
                case ModelFields.OpsetImport:
                    OperatorSet();
                    break;
                case ModelFields.MetadataProps:
                    Metadata();
                    break;
                case ModelFields.TrainingInfo:
                    Training();
                    break;
                case ModelFields.Functions:
                    _graphs.Function();
                    break;
                default:
                    _in.Skip(fields, number);
                    break;
            }
        }

        CheckVersions(irVersion, hasGraph);
        // Older files list all of their initializers among the inputs.
        if (irVersion >= OnnxSupport.OptionalInputsIrVersion)
            _graphs.CheckOptionalInputs();
        _graphs.CheckOperators();
        var tool = Printable.Line($"{producer} {producerVersion}", 200);
        return new OnnxScan(irVersion!.Value, _opsets, tool.Length > 0 ? tool : null, documentation.Length > 0 ? documentation : null, _metadata,
            _graphs.Nodes, _graphs.NeedsProof, _graphs.RefusesEmptyInputs, _graphs.TakesMissing, _files.Names, _graphs.UsesExtensions, _graphs.HasRandomOperators);
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
    }

    private void OperatorSet()
    {
        var domain = "";
        long version = 0;
        var fields = _in.Enter(OnnxSchema.OperatorSet);
        while (_in.Next(ref fields, out var number))
        {
            if (number == OperatorSetFields.Domain)
                domain = _in.Name();
            else
                version = _in.Number();
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
        var fields = _in.Enter(OnnxSchema.Entry);
        while (_in.Next(ref fields, out var number))
        {
            if (number == EntryFields.Key)
                key = Text();
            else
                value = Text();
        }

        if (_metadata.Count < MaxEntries)
            _metadata[key] = value;
    }

    private void Training()
    {
        var fields = _in.Enter(OnnxSchema.Training);
        while (_in.Next(ref fields, out var number))
        {
            if (number is TrainingFields.Initialization or TrainingFields.Algorithm)
                _graphs.Graph(isMain: false);
            else
                _in.Skip(fields, number);
        }
    }

    private string Text() => _in.Values.ReadBeginning(MaxTextBytes);
}

/// <summary>Result of a scan.</summary>
/// <param name="IrVersion">ONNX IR version.</param>
/// <param name="Opsets">Operator-set versions by domain.</param>
/// <param name="Producer">Name and version of the tool that wrote it.</param>
/// <param name="Documentation">Its <c>doc_string</c>.</param>
/// <param name="Metadata">Its <c>metadata_props</c>.</param>
/// <param name="Nodes">Nodes in all graphs and functions, each function counted as one more.</param>
/// <param name="RequiresRangeAnalysis">Whether it has operators that end the process for some input values, which the graph may rule out.</param>
/// <param name="RefusesEmptyInputs">Whether it has operators that end the process for inputs without elements.</param>
/// <param name="TakesMissing">Whether it has operators that deal with NaN.</param>
/// <param name="DataFiles">Names of the other files in which it keeps tensors.</param>
/// <param name="UsesExtensions">Whether it has operators of ONNX Runtime Extensions.</param>
/// <param name="HasRandomOperators">Whether it has operators that draw random numbers.</param>
internal sealed record OnnxScan(
    long IrVersion,
    IReadOnlyDictionary<string, long> Opsets,
    string? Producer,
    string? Documentation,
    IReadOnlyDictionary<string, string> Metadata,
    int Nodes,
    bool RequiresRangeAnalysis,
    bool RefusesEmptyInputs,
    bool TakesMissing,
    IReadOnlyCollection<string> DataFiles,
    bool UsesExtensions,
    bool HasRandomOperators);
