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
            (1, Number("ir_version")), (2, Text("producer_name")), (3, Text("producer_version")), (4, Text("domain")), (5, Number("model_version")),
            (6, Text("doc_string")), (7, One("graph", Graph)), (8, Many("opset_import", OperatorSet)), (14, Many("metadata_props", Entry)),
            (20, Many("training_info", Training)), (25, Many("functions", Function)));
        Training.Define(
            (1, One("initialization", Graph)), (2, One("algorithm", Graph)),
            (3, Many("initialization_binding", Entry)), (4, Many("update_binding", Entry)));
        Graph.Define(
            (1, Many("node", Node)), (2, Text("name")), (5, Many("initializer", Tensor)), (10, Text("doc_string")), (11, Many("input", Value)),
            (12, Many("output", Value)), (13, Many("value_info", Value)), (14, Many("quantization_annotation", Annotation)),
            (15, Many("sparse_initializer", SparseTensor)), (16, Many("metadata_props", Entry)));
        Node.Define(
            (1, Texts("input")), (2, Texts("output")), (3, Text("name")), (4, Text("op_type")), (5, Many("attribute", Attribute)),
            (6, Text("doc_string")), (7, Text("domain")), (8, Text("overload")), (9, Many("metadata_props", Entry)));
        Attribute.Define(
            (1, Text("name")), (2, new("f", WireType.Fixed32)), (3, Number("i")), (4, Text("s")), (5, One("t", Tensor)), (6, One("g", Graph)),
            (7, new("floats", WireType.Fixed32, Repeated: true)), (8, Numbers("ints")), (9, Texts("strings")), (10, Many("tensors", Tensor)),
            (11, Many("graphs", Graph)), (13, Text("doc_string")), (14, One("tp", Type)), (15, Many("type_protos", Type)), (20, Number("type")),
            (21, Text("ref_attr_name")), (22, One("sparse_tensor", SparseTensor)), (23, Many("sparse_tensors", SparseTensor)));
        Tensor.Define(
            (1, Numbers("dims")), (2, Number("data_type")), (3, One("segment", Segment)), (4, new("float_data", WireType.Fixed32, Repeated: true)),
            (5, Numbers("int32_data")), (6, Texts("string_data")), (7, Numbers("int64_data")), (8, Text("name")), (9, Text("raw_data")),
            (10, new("double_data", WireType.Fixed64, Repeated: true)), (11, Numbers("uint64_data")), (12, Text("doc_string")),
            (13, Many("external_data", Entry)), (14, Number("data_location")), (16, Many("metadata_props", Entry)));
        Segment.Define((1, Number("begin")), (2, Number("end")));
        SparseTensor.Define((1, One("values", Tensor)), (2, One("indices", Tensor)), (3, Numbers("dims")));
        Value.Define((1, Text("name")), (2, One("type", Type)), (3, Text("doc_string")), (4, Many("metadata_props", Entry)));
        Type.Define(
            (1, One("tensor_type", TensorType)), (4, One("sequence_type", ElementType)), (5, One("map_type", MapType)), (6, Text("denotation")),
            (8, One("sparse_tensor_type", TensorType)), (9, One("optional_type", ElementType)));
        TensorType.Define((1, Number("elem_type")), (2, One("shape", Shape)));
        ElementType.Define((1, One("elem_type", Type)));
        MapType.Define((1, Number("key_type")), (2, One("value_type", Type)));
        Shape.Define((1, Many("dim", Dimension)));
        Dimension.Define((1, Number("dim_value")), (2, Text("dim_param")), (3, Text("denotation")));
        OperatorSet.Define((1, Text("domain")), (2, Number("version")));
        Entry.Define((1, Text("key")), (2, Text("value")));
        Annotation.Define((1, Text("tensor_name")), (2, Many("quant_parameter_tensor_names", Entry)));
        Function.Define(
            (1, Text("name")), (4, Texts("input")), (5, Texts("output")), (6, Texts("attribute")), (7, Many("node", Node)), (8, Text("doc_string")),
            (9, Many("opset_import", OperatorSet)), (10, Text("domain")), (11, Many("attribute_proto", Attribute)), (12, Many("value_info", Value)),
            (13, Text("overload")), (14, Many("metadata_props", Entry)));
    }

    private static ProtoField Number(string name) => new(name, WireType.Varint);

    private static ProtoField Numbers(string name) => new(name, WireType.Varint, Repeated: true);

    private static ProtoField Text(string name) => new(name, WireType.Length);

    private static ProtoField Texts(string name) => new(name, WireType.Length, Repeated: true);

    private static ProtoField One(string name, ProtoMessage message) => new(name, WireType.Length, Message: message);

    private static ProtoField Many(string name, ProtoMessage message) => new(name, WireType.Length, Repeated: true, message);
}
