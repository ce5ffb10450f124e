using System.Text;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation.Tests.Scanning;

public sealed class RefusedTests
{
    [Fact]
    public void An_empty_file() => Assert.Equal("The file is empty.", Scan.Refuses([]));

    [Fact]
    public void A_model_without_a_graph() =>
        Assert.Equal("The model has no graph.", Scan.Refuses(new OnnxModel().WithGraph(null)));

    [Fact]
    public void A_model_without_an_IR_version() => Assert.Equal(
        "The file does not say which ONNX IR version it follows, so it is probably not an ONNX model.", Scan.Refuses(Scan.Model(irVersion: null)));

    [Fact]
    public void A_model_of_a_newer_IR_version() =>
        Assert.Equal("The model uses ONNX IR version 14; versions up to 13 are supported.", Scan.Refuses(Scan.Model(irVersion: 14)));

    [Fact]
    public void A_model_without_an_operator_set() =>
        Assert.Equal("The model does not say which operator set it uses (opset_import).", Scan.Refuses(Scan.Model(opset: null)));

    [Theory]
    [InlineData("", 27, "The model uses opset 27 of ai.onnx; opsets up to 26 are supported.")]
    [InlineData("ai.onnx.ml", 6, "The model uses opset 6 of ai.onnx.ml; opsets up to 5 are supported.")]
    [InlineData("com.microsoft", 2, "The model uses opset 2 of com.microsoft; opsets up to 1 are supported.")]
    public void A_model_of_a_newer_operator_set(string domain, long version, string sentence) =>
        Assert.Equal(sentence, Scan.Refuses(Scan.Model(opset: null).Opset(domain, version)));

    [Fact]
    public void Two_versions_of_one_operator_set() => Assert.Equal(
        "The model imports two versions of the operator set 'ai.onnx': 17 and 18.", Scan.Refuses(Scan.Model(opset: 17).Opset("ai.onnx", 18)));

    [Fact]
    public void Operator_sets_without_end()
    {
        var model = Scan.Model();
        for (var i = 0; i < 300; i++)
            model.Opset($"domain{i}", 1);

        Assert.Equal("The model imports more than 256 operator sets.", Scan.Refuses(model));
    }

    [Fact]
    public void A_custom_operator() => Assert.Equal(
        "Node 'detect' uses the custom operator 'com.example:Detect'; only operators of ONNX and ONNX Runtime are supported.",
        Scan.Refuses(Scan.Model().Opset("com.example", 1).Node("Detect", ["x"], ["z"], "com.example", "detect")));

    [Fact]
    public void A_custom_operator_without_an_import() => Assert.Equal(
        "Node 'z' uses the custom operator 'com.example:Detect'; only operators of ONNX and ONNX Runtime are supported.",
        Scan.Refuses(Scan.Model().Node("Detect", ["x"], ["z"], "com.example")));

    [Fact]
    public void A_custom_operator_in_a_subgraph() => Assert.Equal(
        "Node 'inner' uses the custom operator 'com.example:Detect'; only operators of ONNX and ONNX Runtime are supported.",
        Scan.Refuses(Scan.Model().Node(new OnnxNode("If", ["x"], ["z"]).Graph("then_branch", new OnnxGraph().Node("Detect", [], [], "com.example", "inner")))));

    [Fact]
    public void A_custom_operator_in_a_function() => Assert.Equal(
        "Node 'inner' uses the custom operator 'com.example:Detect'; only operators of ONNX and ONNX Runtime are supported.",
        Scan.Refuses(Scan.Model().Function(new OnnxFunction("my.own", "F", ["a"], ["b"]).Node(new OnnxNode("Detect", ["a"], ["b"], "com.example", "inner")))));

    [Fact]
    public void Another_operator_of_a_domain_that_the_file_defines() => Assert.Equal(
        "Node 'z' uses the custom operator 'my.own:Thrice'; only operators of ONNX and ONNX Runtime are supported.",
        Scan.Refuses(Scan.Model()
            .Node("Thrice", ["x"], ["z"], "my.own")
            .Function(new OnnxFunction("my.own", "Twice", ["a"], ["b"]).Node(new OnnxNode("Add", ["a", "a"], ["b"])))));

    [Fact]
    public void Custom_operators_without_end()
    {
        var model = Scan.Model();
        for (var i = 0; i < 300; i++)
            model.Node($"Op{i}", ["x"], [$"z{i}"], "com.example");

        Assert.Equal("The model uses more than 256 operators that are not ONNX's own.", Scan.Refuses(model));
    }

    [Theory]
    [MemberData(nameof(External))]
    public void Data_outside_the_model(string what, string where, OnnxModel model) => Assert.Equal($"{what} {where}", Scan.Refuses(model));

    public static TheoryData<string, string, OnnxModel> External
    {
        get
        {
            var weights = OnnxTensor.External("w", "../../etc/passwd", 2);
            var indices = OnnxTensor.Of("i", [0L, 1L], 2);
            var externalIndices = OnnxTensor.Declare("i", TensorElementType.Int64, 2).Message(13, Proto.Entry("location", "i.bin"));
            var graph = new OnnxGraph().Initializer(weights);
            OnnxNode Node() => new("Op", ["x"], ["z"], name: "n");
            const string Elsewhere = "keeps its data in '../../etc/passwd'; the name must be that of a file in the model's folder, without '..', backslashes and special characters.";
            const string Memory = "keeps its data in '*/_ORT_MEM_ADDR_/*'; the name must be that of a file in the model's folder, without '..', backslashes and special characters.";
            string Unclear(int location) => $"does not say clearly where its data are: its data_location is {location}, and what it says of another file is missing, or there twice.";
            return new TheoryData<string, string, OnnxModel>
            {
                { "Initializer 'w'", Elsewhere, Scan.Model().Initializer(weights) },
                { "Initializer 'w'", "has data here and in another file, so that readers may disagree on what they are.", Scan.Model().Initializer(OnnxTensor.Of("w", [1f, 2f], 2).Varint(14, 1)) },
                { "Initializer 'w'", Unclear(2), Scan.Model().Initializer(OnnxTensor.Of("w", [1f, 2f], 2).Varint(14, 2)) },
                { "Initializer 'w'", Unclear(0), Scan.Model().Initializer(OnnxTensor.Of("w", [1f, 2f], 2).Message(13, Proto.Entry("length", "8"))) },
                { "Initializer 'w'", Memory, Scan.Model().Initializer(OnnxTensor.External("w", "*/_ORT_MEM_ADDR_/*", 2)) },
                { "Initializer 'w'", Elsewhere, Scan.Model().SparseInitializer(weights.Sparse(indices, 9)) },
                { "Initializer 'w'", Unclear(0), Scan.Model().SparseInitializer(OnnxTensor.Of("w", [1f, 2f], 2).Sparse(externalIndices, 9)) },
                { "Node 'n', attribute 'value',", Elsewhere, Scan.Model().Node(Node().Tensor("value", weights)) },
                { "Node 'n', attribute 'values',", Elsewhere, Scan.Model().Node(Node().Tensors("values", OnnxTensor.Of("a", [1f], 1), weights)) },
                { "Node 'n', attribute 'value',", Elsewhere, Scan.Model().Node(Node().SparseTensor("value", weights.Sparse(indices, 9))) },
                { "Initializer 'w'", Elsewhere, Scan.Model().Node(Node().Graph("body", graph)) },
                { "Initializer 'w'", Elsewhere, Scan.Model().Node(Node().Graphs("bodies", new OnnxGraph(), graph)) },
                { "Initializer 'w'", Elsewhere, Scan.Model().Training(graph) },
                { "Initializer 'w'", Elsewhere, Scan.Model().Message(20, new Proto().Message(2, graph)) },
                { "Node 'n', attribute 'value',", Elsewhere, Scan.Model().Function(new OnnxFunction("f", "F", [], []).Node(Node().Tensor("value", weights))) },
                { "A function's default, attribute 'd',", Elsewhere, Scan.Model().Function(new OnnxFunction("f", "F", [], []).Message(11, new Proto().Text(1, "d").Message(5, weights))) },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Mismatched))]
    public void Data_that_are_not_what_the_tensor_declares(string sentence, OnnxTensor tensor)
    {
        Assert.Equal($"Initializer 'w' {sentence}", Scan.Refuses(Scan.Model().Initializer(tensor)));
        Assert.Equal($"Node 'n', attribute 'value', {sentence}", Scan.Refuses(Scan.Model().Node(new OnnxNode("Constant", [], ["n"]).Tensor("value", tensor))));
    }

    public static TheoryData<string, OnnxTensor> Mismatched => new()
    {
        { "declares 2 elements of type FLOAT, 8 bytes, but holds 4 bytes.", OnnxTensor.Of("w", [1f], 2) },
        { "declares 1 element of type FLOAT, 4 bytes, but holds 8 bytes.", OnnxTensor.Of("w", [1f, 2f], 1) },
        { "declares 0 elements of type FLOAT, 0 bytes, but holds 4 bytes.", OnnxTensor.Of("w", [1f], 0) },
        { "declares 3 elements of type INT4, 2 bytes, but holds 1 bytes.", OnnxTensor.Declare("w", (TensorElementType)22, 3).Bytes(9, new byte[1]) },
        { "declares 2 elements of type FLOAT, but holds 0 of the 2 values that it needs.", OnnxTensor.Declare("w", TensorElementType.Float, 2) },
        { "declares 2 elements of type FLOAT, but holds 1 of the 2 values that it needs.", OnnxTensor.Declare("w", TensorElementType.Float, 2).Fixed32(4, 1) },
        { "declares 2 elements of type COMPLEX64, but holds 2 of the 4 values that it needs.", OnnxTensor.Declare("w", TensorElementType.Complex64, 2).Bytes(4, new byte[8]) },
        { "declares 2 elements of type STRING, but holds 3 of the 2 values that it needs.", OnnxTensor.Of("w", ["a", "b", "c"], 2) },
        { "declares 1 element of type INT64, but stores values of another type.", OnnxTensor.Declare("w", TensorElementType.Int64, 1).Varint(5, 1) },
        { "stores its data twice, so that readers may disagree on what they are.", OnnxTensor.Of("w", [1f], 1).Fixed32(4, 1) },
        { "stores its data twice, so that readers may disagree on what they are.", OnnxTensor.Declare("w", TensorElementType.Int64, 1).Varint(5, 1).Varint(7, 1) },
        { "stores strings as raw data, which ONNX does not allow.", OnnxTensor.Declare("w", TensorElementType.String, 1).Bytes(9, [1]) },
        { "has a dimension of -2; dimensions are 0 or more.", OnnxTensor.Of("w", [1f], -2) },
        { "declares more elements than any memory holds.", OnnxTensor.Of("w", [1f], long.MaxValue, long.MaxValue) },
        { "declares more elements than any memory holds.", OnnxTensor.Of("w", [1f], 1L << 32, 1L << 32) },
        { "declares more elements than any memory holds.", OnnxTensor.Of("w", Array.Empty<float>(), 0, 1L << 32, 1L << 32) },
        { "has the element type 0, which ONNX does not define.", OnnxTensor.Declare("w", 0, 1) },
        { "has the element type 99, which ONNX does not define.", OnnxTensor.Declare("w", (TensorElementType)99, 1) },
        { "is one segment of a larger tensor, which ONNX Runtime does not support.", OnnxTensor.Of("w", [1f], 1).Message(3, new Proto().Varint(1, 0).Varint(2, 1)) },
    };

    [Fact]
    public void A_sparse_tensor_of_impossible_size() => Assert.Equal(
        "Initializer 'w' declares more elements than any memory holds.",
        Scan.Refuses(Scan.Model().SparseInitializer(OnnxTensor.Of("w", [1f], 1).Sparse(OnnxTensor.Of("i", [0L], 1), long.MaxValue, 16))));

    [Fact]
    public void Two_initializers_of_one_name()
    {
        var one = OnnxTensor.Of("w", [1f], 1);

        Assert.Equal("Initializer 'w' is there twice.", Scan.Refuses(Scan.Model().Initializer(one).Initializer(one)));
        Assert.Equal("Initializer 'w' is there twice.", Scan.Refuses(Scan.Model().Initializer(one).SparseInitializer(one.Sparse(OnnxTensor.Of("i", [0L], 1), 9))));
    }

    [Fact]
    public void Two_graphs() => Assert.Equal(
        "The file gives graph of a ModelProto twice, so that readers may disagree on what it is.",
        Scan.Refuses(Scan.Model().Message(7, new OnnxGraph("harmless"))));

    [Theory]
    [MemberData(nameof(Doubled))]
    public void A_field_that_is_there_twice(string field, OnnxModel model) => Assert.Equal(
        $"The file gives {field} twice, so that readers may disagree on what it is.", Scan.Refuses(model));

    public static TheoryData<string, OnnxModel> Doubled => new()
    {
        { "ir_version of a ModelProto", Scan.Model().Varint(1, 8) },
        { "data_type of a TensorProto", Scan.Model().Initializer(OnnxTensor.Of("w", [1f], 1).Varint(2, 1)) },
        { "raw_data of a TensorProto", Scan.Model().Initializer(OnnxTensor.Of("w", [1f], 1).Bytes(9, new byte[4])) },
        { "op_type of a NodeProto", Scan.Model().Node(new OnnxNode("Op", [], ["z"]).Text(4, "Other")) },
        { "domain of a NodeProto", Scan.Model().Node(new OnnxNode("Op", [], ["z"], "com.microsoft").Text(7, "")) },
        { "t of a AttributeProto", Scan.Model().Node(new OnnxNode("Op", [], ["z"]).Attribute("a", 4, a => a.Message(5, OnnxTensor.Of("", [1f])).Message(5, OnnxTensor.Of("", [1f])))) },
        { "initialization of a TrainingInfoProto", Scan.Model().Message(20, new Proto().Message(1, new OnnxGraph()).Message(1, new OnnxGraph())) },
        { "tensor_type of a TypeProto", Scan.Model().Input("z", OnnxType.Tensor(Datatype.Fp32).Message(1, new Proto())) },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Bytes_that_are_no_protobuf(string sentence, OnnxModel model) => Assert.Equal($"The file is damaged: it holds {sentence}.", Scan.Refuses(model));

    public static TheoryData<string, OnnxModel> Damaged => new()
    {
        { "a field of unknown wire type 3 at byte 6", new OnnxModel().Raw(0x3B) },
        { "a field of unknown wire type 4 at byte 6", new OnnxModel().Raw(0x3C) },
        { "a field of unknown wire type 6 at byte 6", new OnnxModel().Raw(0x3E) },
        { "a field of unknown wire type 7 at byte 6", new OnnxModel().Raw(0x3F) },
        { "an impossible field number at byte 6", new OnnxModel().Raw(0x02) },
        { "an impossible field number at byte 6", new OnnxModel().Raw(0xFA, 0xFF, 0xFF, 0xFF, 0xFF, 0x01) },
        { "an integer that is too long before byte 17", new OnnxModel().Raw(0x28, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02) },
        { "an integer that is too long before byte 17", new OnnxModel().Raw(0x28, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00) },
        { "graph of a ModelProto in wire type 0", new OnnxModel().Varint(7, 1) },
        { "ir_version of a ModelProto in wire type 2", new OnnxModel().Text(1, "8") },
        { "a list of numbers in float_data that ends in the middle of one", Scan.Model().Initializer(OnnxTensor.Declare("w", TensorElementType.Float, 1).Bytes(4, new byte[5])) },
        { "a name that is not UTF-8 at byte 13", new OnnxModel().WithGraph(new OnnxGraph("").Bytes(1, new Proto().Bytes(4, [0xC3, 0x28]).ToBytes())) },
        { "a name with a NUL character at byte 13", new OnnxModel().WithGraph(new OnnxGraph("").Bytes(1, new Proto().Text(4, "a\0b").ToBytes())) },
        { "a field at byte 9 that is longer than the message around it", new OnnxModel().WithGraph(null).Bytes(7, [0x12, 0x05]) },
    };

    [Fact]
    public void A_list_of_integers_that_ends_in_the_middle_of_one()
    {
        var tensor = OnnxTensor.Declare("w", TensorElementType.Int64, 1).Bytes(7, [0x80]);

        Assert.StartsWith("The file is damaged: it holds a list of integers that ends in the middle of one", Scan.Refuses(Scan.Model().Initializer(tensor)));
    }

    [Fact]
    public void A_truncated_model_wherever_it_ends()
    {
        var file = OnnxModel.Linear();
        for (var length = 1; length < file.Length; length++)
        {
            var sentence = Scan.Refuses(file[..length]);

            // Between two fields of the model it ends in order, but without what is missing.
            Assert.True(
                sentence.StartsWith("The file is truncated: ", StringComparison.Ordinal)
                || sentence is "The model has no graph." or "The model does not say which operator set it uses (opset_import).",
                $"{length}: {sentence}");
        }
    }

    [Fact]
    public void A_truncated_model_says_what_is_missing()
    {
        var file = Scan.Model().ToBytes();

        Assert.Equal($"The file is truncated: a field at byte 7 is {file.Length - 8} bytes long, and {file.Length - 9} follow.", Scan.Refuses(file[..^1]));
    }

    [Fact]
    public void Bytes_behind_the_model() =>
        Assert.Contains("field", Scan.Refuses([.. Scan.Model().ToBytes(), 0xFF, 0xFF, 0xFF, 0xFF]), StringComparison.Ordinal);

    [Fact]
    public void Graphs_nested_too_deep()
    {
        Assert.NotNull(Scan.Accepts(new OnnxModel().WithGraph(Nested(10))));
        Assert.Equal("The model is nested more than 32 levels deep.", Scan.Refuses(new OnnxModel().WithGraph(Nested(11))));

        static OnnxGraph Nested(int subgraphs) => subgraphs == 0
            ? new OnnxGraph()
            : new OnnxGraph().Node(new OnnxNode("If", [], ["z"]).Graph("then_branch", Nested(subgraphs - 1)));
    }

    [Fact]
    public void Types_nested_too_deep()
    {
        var type = OnnxType.Tensor(Datatype.Fp32);
        for (var i = 0; i < 10_000; i++)
            type = OnnxType.Sequence(type);

        Assert.Equal("The model is nested more than 32 levels deep.", Scan.Refuses(Scan.Model().Output("z", type)));
    }

    [Fact]
    public void Too_many_nodes()
    {
        var inner = new OnnxGraph().Node("A", [], ["a"]).Node("B", [], ["b"]);
        var model = Scan.Model().Node(new OnnxNode("If", [], ["z"]).Graph("then_branch", inner));

        Assert.Equal("The model has more than 3 nodes.", Scan.Refuses(model, new ValidationLimits { MaxNodes = 3 }));
        Assert.NotNull(Scan.Accepts(model, new ValidationLimits { MaxNodes = 4 }));
    }

    [Fact]
    public void Too_many_initializers()
    {
        var model = Scan.Model().Initializer(OnnxTensor.Of("a", [1f])).Initializer(OnnxTensor.Of("b", [1f]));

        Assert.Equal("The model has more than 1 initializers.", Scan.Refuses(model, new ValidationLimits { MaxInitializers = 1 }));
        Assert.NotNull(Scan.Accepts(model, new ValidationLimits { MaxInitializers = 2 }));
    }

    [Fact]
    public void Too_many_inputs_or_outputs()
    {
        var limits = new ValidationLimits { MaxValues = 1 };

        Assert.Equal("The model has more than 1 inputs.", Scan.Refuses(Scan.Model().Input("z", Datatype.Fp32), limits));
        Assert.Equal("The model has more than 1 outputs.", Scan.Refuses(Scan.Model().Output("z", Datatype.Fp32), limits));
    }

    [Fact]
    public void Inputs_or_outputs_of_one_name()
    {
        Assert.Equal("Two inputs of the model are called 'x'.", Scan.Refuses(Scan.Model().Input("x", Datatype.Fp32)));
        Assert.Equal("Two outputs of the model are called 'y'.", Scan.Refuses(Scan.Model().Output("y", Datatype.Fp32)));
    }

    [Fact]
    public void Inputs_or_outputs_without_a_name()
    {
        Assert.Equal("An input of the model has no name.", Scan.Refuses(Scan.Model().Input("", Datatype.Fp32)));
        Assert.Equal("An output of the model has no name.", Scan.Refuses(Scan.Model().Output("", Datatype.Fp32)));
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(long.MinValue)]
    [InlineData(1L << 32)]
    [InlineData(long.MaxValue)]
    public void An_input_with_a_dimension_out_of_range(long dimension) => Assert.Equal(
        $"The input 'z' has a dimension of {dimension}, which is out of range.", Scan.Refuses(Scan.Model().Input("z", Datatype.Fp32, dimension)));

    [Theory]
    [InlineData("ai.onnx.contrib", "DecodeImage", "StringUpper", false)]
    [InlineData("ai.onnx.contrib", "StringECMARegexReplace", "StringUpper", true)]
    [InlineData("com.microsoft.extensions", "ReadAudio", "StringUpper", true)]
    [InlineData("ai.onnx.contrib", "DecodeImage", null, false)]
    public void An_operator_of_the_extensions_that_is_not_on_the_list_also_as_a_function(string domain, string op, string? beside, bool isFunction)
    {
        var model = Scan.Model().Opset(domain, 1).Node(op, ["x"], ["z"], domain);
        if (beside is not null)
            model.Node(beside, ["x"], ["w"], "ai.onnx.contrib");
        if (isFunction)
            model.Function(new OnnxFunction(domain, op, ["a"], ["b"]).Node(new OnnxNode("Identity", ["a"], ["b"])));

        Assert.StartsWith($"Node 'z' uses the operator '{domain}:{op}'; of ONNX Runtime Extensions, only these are supported: BasicTokenizer, BertTokenizer, ", Scan.Refuses(model), StringComparison.Ordinal);
    }

    [Fact]
    public void An_input_of_unknown_rank() => Assert.Equal(
        "The input 'z' does not say how many dimensions it has: export the model with the shapes of its inputs.",
        Scan.Refuses(Scan.Model().Input("z", OnnxType.TensorOfAnyRank(Datatype.Fp32))));

    [Fact]
    public void But_not_an_initializer_of_unknown_rank_that_older_files_list_among_the_inputs() =>
        Assert.NotNull(Scan.Accepts(Scan.Model(irVersion: 3).Input("w", OnnxType.TensorOfAnyRank(Datatype.Fp32)).Initializer(OnnxTensor.Of("w", [1f], 1))));

    [Theory]
    [InlineData(14, "COMPLEX64")]
    [InlineData(15, "COMPLEX128")]
    [InlineData(17, "FLOAT8E4M3FN")]
    [InlineData(21, "UINT4")]
    [InlineData(99, "99")]
    public void Element_types_that_cannot_be_carried(int type, string name)
    {
        var tensor = OnnxType.Tensor((TensorElementType)type, 1);

        Assert.Equal($"The input 'z' has the element type {name}, which cannot be sent or received.", Scan.Refuses(Scan.Model().Input("z", tensor)));
        Assert.Equal($"The output 'z' has the element type {name}, which cannot be sent or received.", Scan.Refuses(Scan.Model().Output("z", tensor)));
    }

    [Fact]
    public void Names_that_would_spoil_a_message_are_cleaned()
    {
        var name = $"\u001b[31mevil\u202e\r\n{new string('n', 100)}";

        Assert.Equal($"Initializer '[31mevil {new string('n', 71)}…' is there twice.", Scan.Refuses(Scan.Model()
            .Initializer(OnnxTensor.Of(name, [1f], 1)).Initializer(OnnxTensor.Of(name, [1f], 1))));
    }

    [Fact]
    public void Names_without_end() => Assert.Equal(
        "A name in the model is 5000 bytes long; at most 4096 are allowed.", Scan.Refuses(Scan.Model().Node("Op", [], [new string('n', 5_000)])));

    [Theory]
    [MemberData(nameof(Mistaken))]
    public void Files_uploaded_by_mistake(string kind, byte[] file) => Assert.StartsWith($"The file looks like {kind}; an ONNX model is expected.", Scan.Refuses(file));

    [Theory]
    [InlineData("scikit-learn", new byte[] { 0x80, 0x04, 0x95, 0x1F, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData("pytorch", new byte[] { 0x50, 0x4B, 3, 4, 0, 0, 0, 0 })]
    public void Of_a_model_of_another_format_the_page_on_its_conversion_is_named(string section, byte[] file) =>
        Assert.EndsWith($" docs/onnx.md#{section} describes the conversion.", Scan.Refuses(file));

    public static TheoryData<string, byte[]> Mistaken => new()
    {
        { "a ZIP archive (PyTorch's .pt and .pth files are ZIP archives, too)", [.. "PK\x03\x04"u8, .. new byte[100]] },
        { "an empty ZIP archive", [.. "PK\x05\x06"u8, .. new byte[18]] },
        { "a gzip file", [0x1F, 0x8B, 8, 0, 0, 0] },
        { "a tar archive", [.. new byte[257], .. "ustar"u8, .. new byte[250]] },
        { "a Python pickle", [0x80, 0x04, 0x95, 0x1F, 0, 0, 0, 0, 0, 0, 0] },
        { "a Python pickle", [0x80, 0x02, (byte)'}', (byte)'q'] },
        { "an HDF5 file (Keras saves models so)", [0x89, .. "HDF\r\n\x1a\n"u8, .. new byte[50]] },
        { "a TensorFlow Lite model", [0x1C, 0, 0, 0, .. "TFL3"u8, .. new byte[50]] },
        { "a model in ONNX Runtime's own format (.ort)", [8, 0, 0, 0, .. "ORTM"u8, .. new byte[50]] },
        { "a GGUF model", [.. "GGUF"u8, .. new byte[50]] },
        { "a safetensors file", [8, 5, 0, 0, 0, 0, 0, 0, .. "{\"weight\":"u8] },
        { "a PNG image", [0x89, .. "PNG\r\n\x1a\n"u8] },
        { "a program", [0x7F, .. "ELF"u8, .. new byte[50]] },
        { "a Git LFS pointer, not the file that it points to", "version https://git-lfs.github.com/spec/v1\noid sha256:00"u8.ToArray() },
        { "text", "sepal length,sepal width\n5.1,3.5\n"u8.ToArray() },
        { "text", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Käse, 値段\n", 200))) },
        { "text", [0xEF, 0xBB, 0xBF, .. "<html>"u8] },
    };

    [Fact]
    public void A_producer_that_is_named_like_another_format_does_not_confuse()
    {
        // Bytes 4 to 7 of the file are the magic number of ONNX Runtime's own format.
        var model = new OnnxModel(8, null).Text(2, "ORTM").Opset("", 99).WithGraph(Scan.Model().Graph);

        Assert.Equal("The model uses opset 99 of ai.onnx; opsets up to 26 are supported.", Scan.Refuses(model));
    }
}
