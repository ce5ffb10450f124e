using System.Text.Json;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation.Tests.Sandbox;

public sealed class SignatureTests(SharedSandbox validation) : IClassFixture<SharedSandbox>
{
    public static TheoryData<Datatype> Datatypes => [.. Enum.GetValues<Datatype>()];

    [Theory]
    [MemberData(nameof(Datatypes))]
    public async Task Every_element_type_is_read(Datatype datatype)
    {
        var signature = (await validation.Accepts(OnnxModel.Identity(datatype, "batch", 3))).Signature;

        var input = Assert.Single(signature.Inputs);
        Assert.Equal(("x", ValueKind.Tensor, datatype), (input.Name, input.Kind, input.Datatype));
        Assert.Equal([-1, 3], input.Shape!);
        var output = Assert.Single(signature.Outputs);
        Assert.Equal($"{datatype.Name()} [-1,3]", output.TypeName);
    }

    [Theory]
    [MemberData(nameof(Datatypes))]
    public async Task Scalars_and_empty_tensors_of_every_type_are_read(Datatype datatype)
    {
        var model = new OnnxModel()
            .Input("scalar", datatype).Input("empty", datatype, 0, 2)
            .Output("a", datatype).Output("b", datatype, 0, 2)
            .Node("Identity", ["scalar"], ["a"]).Node("Identity", ["empty"], ["b"]);

        var signature = (await validation.Accepts(model)).Signature;

        Assert.Equal([], signature.Inputs[0].Shape!);
        Assert.Equal([0, 2], signature.Inputs[1].Shape!);
    }

    [Fact]
    public async Task Dimensions_without_a_number_vary_whether_they_have_a_name_or_not()
    {
        var signature = (await validation.Accepts(OnnxModel.Identity(Datatype.Fp32, -1, "height", 3))).Signature;

        Assert.Equal([-1, -1, 3], signature.Inputs[0].Shape!);
    }

    [Fact]
    public async Task Inputs_and_outputs_keep_the_order_of_the_graph()
    {
        var model = new OnnxModel()
            .Input("z", Datatype.Fp32, 1).Input("a", Datatype.Int64, 1)
            .Output("y", Datatype.Int64, 1).Output("b", Datatype.Fp32, 1)
            .Node("Identity", ["a"], ["y"]).Node("Identity", ["z"], ["b"]);

        var signature = (await validation.Accepts(model)).Signature;

        Assert.Equal(["z", "a"], signature.Inputs.Select(input => input.Name));
        Assert.Equal(["y", "b"], signature.Outputs.Select(output => output.Name));
    }

    [Theory]
    [InlineData(3, new string[0])]
    [InlineData(4, new[] { "b INT64 [-1]", "w FP32 [1]" })]
    [InlineData(8, new[] { "b INT64 [-1]", "w FP32 [1]" })]
    public async Task An_initializer_that_an_input_overrides_is_an_optional_input_from_IR_version_4_on(int irVersion, string[] optional)
    {
        var model = new OnnxModel(irVersion, 8)
            .Input("w", Datatype.Fp32, 1).Input("x", Datatype.Fp32, -1, 2).Input("b", Datatype.Int64, "n")
            .Initializer(OnnxTensor.Of("w", [1f], 1)).Initializer(OnnxTensor.Of("b", [1L, 2], 2))
            .Output("y", Datatype.Fp32, -1, 2).Output("c", Datatype.Int64, -1).Node("Add", ["x", "w"], ["y"]).Node("Identity", ["b"], ["c"]);

        var signature = (await validation.Accepts(model)).Signature;

        Assert.Equal(["x"], signature.Inputs.Select(input => input.Name));
        Assert.Equal(optional, signature.OptionalInputs.Select(input => $"{input.Name} {input.TypeName}"));
    }

    [Fact]
    public async Task Optional_inputs_do_not_make_rows_depend_on_each_other()
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, -1, 2).Input("w", Datatype.Fp32, 2).Initializer(OnnxTensor.Of("w", [1f, 2f], 2))
            .Output("y", Datatype.Fp32, -1, 2).Node("Mul", ["x", "w"], ["y"]);

        Assert.True((await validation.Accepts(model)).RowsAreIndependent);
    }

    [Fact]
    public async Task An_optional_input_of_a_type_that_cannot_be_sent_is_refused()
    {
        var model = new OnnxModel(10, 21)
            .Input("x", Datatype.Fp32, 2).Input("w", OnnxType.Tensor((TensorElementType)17, 2))
            .Initializer(OnnxTensor.Declare("w", (TensorElementType)17, 2).Bytes(9, [0x38, 0x40]))
            .Output("y", Datatype.Fp32, 2).Node(new OnnxNode("Cast", ["w"], ["t"]).Int("to", 1)).Node("Add", ["x", "t"], ["y"]);

        Assert.Equal("The input 'w' has the element type FLOAT8E4M3FN, which cannot be sent or received.", await validation.Refuses(model));
    }

    [Fact]
    public async Task An_optional_input_must_say_how_many_dimensions_it_has_as_others_must()
    {
        Assert.Equal("The input 'w' does not say how many dimensions it has: export the model with the shapes of its inputs.", await validation.Refuses(Model(4)));
        await validation.Accepts(Model(3));

        static OnnxModel Model(long irVersion) => new OnnxModel(irVersion, 8)
            .Input("x", Datatype.Fp32, 2).Input("w", OnnxType.TensorOfAnyRank(Datatype.Fp32)).Initializer(OnnxTensor.Of("w", [1f, 2f], 2))
            .Output("y", Datatype.Fp32, 2).Node("Add", ["x", "w"], ["y"]);
    }

    [Fact]
    public void A_description_of_an_earlier_release_has_no_optional_inputs()
    {
        const string Stored = """{"Signature":{"Inputs":[],"Outputs":[]},"IrVersion":8,"Opsets":{}}""";

        Assert.Empty(JsonSerializer.Deserialize<ModelDescription>(Stored)!.Signature.OptionalInputs);
    }

    [Fact]
    public async Task A_model_without_inputs_is_a_model()
    {
        var model = new OnnxModel().Output("y", Datatype.Fp32, 1).Initializer(OnnxTensor.Of("w", [1f], 1)).Node("Identity", ["w"], ["y"]);

        var description = await validation.Accepts(model);

        Assert.Empty(description.Signature.Inputs);
        Assert.False(description.RowsAreIndependent);
    }

    [Fact]
    public async Task A_classifier_of_scikit_learn_gives_labels_and_a_sequence_of_maps()
    {
        var description = await validation.Accepts(OnnxModel.ZipMap());

        Assert.Equal("skl2onnx 1.14", description.Producer);
        Assert.Equal("FP32 [-1,4]", description.Signature.Inputs[0].TypeName);
        Assert.Equal("INT64 [-1]", description.Signature.Outputs[0].TypeName);
        Assert.Equal("sequence(map(INT64,FP32))", description.Signature.Outputs[1].TypeName);
        Assert.True(description.RowsAreIndependent);
    }

    [Fact]
    public async Task Maps_may_have_strings_for_keys()
    {
        var model = new OnnxModel().Opset("ai.onnx.ml", 1)
            .Input("x", Datatype.Fp32, -1, 2)
            .Output("y", OnnxType.Sequence(OnnxType.Map(Datatype.Bytes, OnnxType.Tensor(Datatype.Fp32))))
            .Node(new OnnxNode("ZipMap", ["x"], ["y"], "ai.onnx.ml").Strings("classlabels_strings", "cat", "dog"));

        var description = await validation.Accepts(model);

        Assert.Equal("sequence(map(BYTES,FP32))", description.Signature.Outputs[0].TypeName);
        Assert.True(description.RowsAreIndependent);
    }

    [Fact]
    public async Task A_sequence_may_hold_tensors()
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, -1, 2)
            .Output("y", OnnxType.Sequence(OnnxType.Tensor(Datatype.Fp32)))
            .Node(new OnnxNode("SplitToSequence", ["x"], ["y"]).Int("axis", 0));

        var output = (await validation.Accepts(model)).Signature.Outputs[0];

        Assert.Equal(ValueKind.Sequence, output.Kind);
        Assert.Equal((ValueKind.Tensor, Datatype.Fp32), (output.Element!.Kind, output.Element.Datatype));
    }

    [Fact]
    public async Task Inputs_must_be_tensors()
    {
        var tensor = OnnxType.Tensor(Datatype.Fp32, 2);

        Assert.Equal("The input 'x' is a sequence; only tensors can be sent to a model.", await validation.Refuses(new OnnxModel()
            .Input("x", OnnxType.Sequence(tensor)).Output("y", Datatype.Int64).Node("SequenceLength", ["x"], ["y"])));
        Assert.Equal("The input 'x' is a map; only tensors can be sent to a model.", await validation.Refuses(new OnnxModel().Opset("ai.onnx.ml", 1)
            .Input("x", OnnxType.Map(Datatype.Int64, OnnxType.Tensor(Datatype.Fp32))).Output("y", Datatype.Fp32, 1, -1).Node("CastMap", ["x"], ["y"], "ai.onnx.ml")));
        Assert.Equal("The input 'x' is optional; only tensors can be sent to a model.", await validation.Refuses(new OnnxModel(8, 18)
            .Input("x", OnnxType.Optional(tensor)).Output("y", Datatype.Fp32, 2).Node("OptionalGetElement", ["x"], ["y"])));
    }

    [Fact]
    public async Task Outputs_must_not_be_optional() => Assert.Equal(
        "The output 'y' is optional; only tensors, sequences and maps from scalars to scalars can be received.",
        await validation.Refuses(new OnnxModel(8, 18)
            .Input("x", Datatype.Fp32, 2).Output("y", OnnxType.Optional(OnnxType.Tensor(Datatype.Fp32, 2))).Node("Optional", ["x"], ["y"])));

    [Fact]
    public async Task What_the_scan_read_and_what_the_trial_found_make_one_description()
    {
        var description = await validation.Accepts(new OnnxModel(9, 18)
            .Producer("larder", "2").Documentation("doubles").Metadata("unit", "cm")
            .Input("x", Datatype.Fp32, "n", 2).Output("y", Datatype.Fp32, "n", 2).Node("Add", ["x", "x"], ["y"]));

        Assert.Equal(9, description.IrVersion);
        Assert.Equal(18, description.Opsets["ai.onnx"]);
        Assert.Equal("larder 2", description.Producer);
        Assert.Equal("doubles", description.Documentation);
        Assert.Equal("cm", description.Metadata["unit"]);
        Assert.True(description.RowsAreIndependent);
        var json = JsonSerializer.Serialize(description);
        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize<ModelDescription>(json)));
    }
}
