namespace Larder.Inference.Validation.Scanning;

/// <summary>
/// The messages of ONNX IR version 13 and earlier (onnx.proto of the ONNX project): names, numbers and wire types of their fields,
/// as far as a scan reads, checks or descends into them.
/// </summary>
internal static class OnnxSchema
{
    public static readonly ProtoMessage Model = new("ModelProto");
    public static readonly ProtoMessage Graph = new("GraphProto");
    public static readonly ProtoMessage Node = new("NodeProto");
    public static readonly ProtoMessage Attribute = new("AttributeProto");
    public static readonly ProtoMessage Tensor = new("TensorProto");
    public static readonly ProtoMessage SparseTensor = new("SparseTensorProto");
    public static readonly ProtoMessage Value = new("ValueInfoProto");
    public static readonly ProtoMessage Type = new("TypeProto");
    public static readonly ProtoMessage TensorType = new("TypeProto.Tensor");
    public static readonly ProtoMessage Shape = new("TensorShapeProto");
    public static readonly ProtoMessage Dimension = new("TensorShapeProto.Dimension");
    public static readonly ProtoMessage OperatorSet = new("OperatorSetIdProto");
    public static readonly ProtoMessage Entry = new("StringStringEntryProto");
    public static readonly ProtoMessage Function = new("FunctionProto");
    public static readonly ProtoMessage Training = new("TrainingInfoProto");

    private static readonly ProtoMessage Segment = new("TensorProto.Segment");
    private static readonly ProtoMessage Annotation = new("TensorAnnotation");
    private static readonly ProtoMessage ElementType = new("TypeProto.Sequence");
    private static readonly ProtoMessage MapType = new("TypeProto.Map");

    static OnnxSchema()
    {
        Model.Define(
            (ModelFields.IrVersion, Number("ir_version")), (ModelFields.ProducerName, Text("producer_name")),
            (ModelFields.ProducerVersion, Text("producer_version")), (4, Text("domain")), (5, Number("model_version")),
            (ModelFields.DocString, Text("doc_string")), (ModelFields.Graph, One("graph", Graph)),
            (ModelFields.OpsetImport, Many("opset_import", OperatorSet)), (ModelFields.MetadataProps, Many("metadata_props", Entry)),
            (ModelFields.TrainingInfo, Many("training_info", Training)), (ModelFields.Functions, Many("functions", Function)));
        Training.Define(
            (TrainingFields.Initialization, One("initialization", Graph)), (TrainingFields.Algorithm, One("algorithm", Graph)),
            (3, Many("initialization_binding", Entry)), (4, Many("update_binding", Entry)));
        Graph.Define(
            (GraphFields.Node, Many("node", Node)), (2, Text("name")), (GraphFields.Initializer, Many("initializer", Tensor)), (10, Text("doc_string")),
            (GraphFields.Input, Many("input", Value)),
            (GraphFields.Output, Many("output", Value)), (GraphFields.ValueInfo, Many("value_info", Value)), (14, Many("quantization_annotation", Annotation)),
            (GraphFields.SparseInitializer, Many("sparse_initializer", SparseTensor)), (16, Many("metadata_props", Entry)));
        Node.Define(
            (NodeFields.Input, Texts("input")), (NodeFields.Output, Texts("output")), (NodeFields.Name, Text("name")), (NodeFields.OpType, Text("op_type")),
            (NodeFields.Attribute, Many("attribute", Attribute)),
            (6, Text("doc_string")), (NodeFields.Domain, Text("domain")), (8, Text("overload")), (9, Many("metadata_props", Entry)));
        Attribute.Define(
            (AttributeFields.Name, Text("name")), (2, new("f", WireType.Fixed32)), (AttributeFields.I, Number("i")), (4, Text("s")),
            (AttributeFields.T, One("t", Tensor)), (AttributeFields.G, One("g", Graph)),
            (7, new("floats", WireType.Fixed32, Repeated: true)), (AttributeFields.Ints, Numbers("ints")), (9, Texts("strings")),
            (AttributeFields.Tensors, Many("tensors", Tensor)),
            (AttributeFields.Graphs, Many("graphs", Graph)), (13, Text("doc_string")), (14, One("tp", Type)), (15, Many("type_protos", Type)),
            (20, Number("type")),
            (21, Text("ref_attr_name")), (AttributeFields.SparseTensor, One("sparse_tensor", SparseTensor)),
            (AttributeFields.SparseTensors, Many("sparse_tensors", SparseTensor)));
        Tensor.Define(
            (TensorFields.Dims, Numbers("dims")), (TensorFields.DataType, Number("data_type")), (TensorFields.Segment, One("segment", Segment)),
            (TensorFields.FloatData, new("float_data", WireType.Fixed32, Repeated: true)),
            (TensorFields.Int32Data, Numbers("int32_data")), (TensorFields.StringData, Texts("string_data")),
            (TensorFields.Int64Data, Numbers("int64_data")), (TensorFields.Name, Text("name")), (TensorFields.RawData, Text("raw_data")),
            (TensorFields.DoubleData, new("double_data", WireType.Fixed64, Repeated: true)), (TensorFields.UInt64Data, Numbers("uint64_data")),
            (12, Text("doc_string")),
            (TensorFields.ExternalData, Many("external_data", Entry)), (TensorFields.DataLocation, Number("data_location")),
            (16, Many("metadata_props", Entry)));
        Segment.Define((1, Number("begin")), (2, Number("end")));
        SparseTensor.Define((SparseTensorFields.Values, One("values", Tensor)), (SparseTensorFields.Indices, One("indices", Tensor)), (3, Numbers("dims")));
        Value.Define((ValueFields.Name, Text("name")), (ValueFields.Type, One("type", Type)), (3, Text("doc_string")), (4, Many("metadata_props", Entry)));
        Type.Define(
            (TypeFields.TensorType, One("tensor_type", TensorType)), (4, One("sequence_type", ElementType)), (5, One("map_type", MapType)),
            (6, Text("denotation")),
            (8, One("sparse_tensor_type", TensorType)), (9, One("optional_type", ElementType)));
        TensorType.Define((TensorTypeFields.ElemType, Number("elem_type")), (TensorTypeFields.Shape, One("shape", Shape)));
        ElementType.Define((1, One("elem_type", Type)));
        MapType.Define((1, Number("key_type")), (2, One("value_type", Type)));
        Shape.Define((1, Many("dim", Dimension)));
        Dimension.Define((DimensionFields.DimValue, Number("dim_value")), (2, Text("dim_param")), (3, Text("denotation")));
        OperatorSet.Define((OperatorSetFields.Domain, Text("domain")), (OperatorSetFields.Version, Number("version")));
        Entry.Define((EntryFields.Key, Text("key")), (EntryFields.Value, Text("value")));
        Annotation.Define((1, Text("tensor_name")), (2, Many("quant_parameter_tensor_names", Entry)));
        Function.Define(
            (FunctionFields.Name, Text("name")), (4, Texts("input")), (5, Texts("output")), (6, Texts("attribute")),
            (FunctionFields.Node, Many("node", Node)), (8, Text("doc_string")),
            (9, Many("opset_import", OperatorSet)), (FunctionFields.Domain, Text("domain")),
            (FunctionFields.AttributeProto, Many("attribute_proto", Attribute)), (12, Many("value_info", Value)),
            (13, Text("overload")), (14, Many("metadata_props", Entry)));
    }

    private static ProtoField Number(string name) => new(name, WireType.Varint);

    private static ProtoField Numbers(string name) => new(name, WireType.Varint, Repeated: true);

    private static ProtoField Text(string name) => new(name, WireType.Length);

    private static ProtoField Texts(string name) => new(name, WireType.Length, Repeated: true);

    private static ProtoField One(string name, ProtoMessage message) => new(name, WireType.Length, Message: message);

    private static ProtoField Many(string name, ProtoMessage message) => new(name, WireType.Length, Repeated: true, message);
}

/// <summary>Field numbers of a <c>ModelProto</c>.</summary>
internal static class ModelFields
{
    public const int IrVersion = 1;
    public const int ProducerName = 2;
    public const int ProducerVersion = 3;
    public const int DocString = 6;
    public const int Graph = 7;
    public const int OpsetImport = 8;
    public const int MetadataProps = 14;
    public const int TrainingInfo = 20;
    public const int Functions = 25;
}

/// <summary>Field numbers of a <c>OperatorSetIdProto</c>.</summary>
internal static class OperatorSetFields
{
    public const int Domain = 1;
    public const int Version = 2;
}

/// <summary>Field numbers of a <c>StringStringEntryProto</c>.</summary>
internal static class EntryFields
{
    public const int Key = 1;
    public const int Value = 2;
}

/// <summary>Field numbers of a <c>TrainingInfoProto</c>.</summary>
internal static class TrainingFields
{
    public const int Initialization = 1;
    public const int Algorithm = 2;
}

/// <summary>Field numbers of a <c>GraphProto</c>.</summary>
internal static class GraphFields
{
    public const int Node = 1;
    public const int Initializer = 5;
    public const int Input = 11;
    public const int Output = 12;
    public const int ValueInfo = 13;
    public const int SparseInitializer = 15;
}

/// <summary>Field numbers of a <c>FunctionProto</c>.</summary>
internal static class FunctionFields
{
    public const int Name = 1;
    public const int Node = 7;
    public const int Domain = 10;
    public const int AttributeProto = 11;
}

/// <summary>Field numbers of a <c>NodeProto</c>.</summary>
internal static class NodeFields
{
    public const int Input = 1;
    public const int Output = 2;
    public const int Name = 3;
    public const int OpType = 4;
    public const int Attribute = 5;
    public const int Domain = 7;
}

/// <summary>Field numbers of a <c>AttributeProto</c>.</summary>
internal static class AttributeFields
{
    public const int Name = 1;
    public const int I = 3;
    public const int T = 5;
    public const int G = 6;
    public const int Ints = 8;
    public const int Tensors = 10;
    public const int Graphs = 11;
    public const int SparseTensor = 22;
    public const int SparseTensors = 23;
}

/// <summary>Field numbers of a <c>TensorProto</c>.</summary>
internal static class TensorFields
{
    public const int Dims = 1;
    public const int DataType = 2;
    public const int Segment = 3;
    public const int FloatData = 4;
    public const int Int32Data = 5;
    public const int StringData = 6;
    public const int Int64Data = 7;
    public const int Name = 8;
    public const int RawData = 9;
    public const int DoubleData = 10;
    public const int UInt64Data = 11;
    public const int ExternalData = 13;
    public const int DataLocation = 14;
}

/// <summary>Field numbers of a <c>SparseTensorProto</c>.</summary>
internal static class SparseTensorFields
{
    public const int Values = 1;
    public const int Indices = 2;
}

/// <summary>Field numbers of a <c>ValueInfoProto</c>.</summary>
internal static class ValueFields
{
    public const int Name = 1;
    public const int Type = 2;
}

/// <summary>Field numbers of a <c>TypeProto</c>.</summary>
internal static class TypeFields
{
    public const int TensorType = 1;
}

/// <summary>Field numbers of a <c>TypeProto.Tensor</c>.</summary>
internal static class TensorTypeFields
{
    public const int ElemType = 1;
    public const int Shape = 2;
}

/// <summary>Field numbers of a <c>TensorShapeProto.Dimension</c>.</summary>
internal static class DimensionFields
{
    public const int DimValue = 1;
}
