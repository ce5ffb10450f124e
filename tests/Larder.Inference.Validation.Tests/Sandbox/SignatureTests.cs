using System.Text.Json;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

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

    [Fact]
    public async Task An_initializer_that_an_input_could_override_is_not_an_input()
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, 1).Input("w", Datatype.Fp32, 1).Initializer(OnnxTensor.Of("w", [1f], 1))
            .Output("y", Datatype.Fp32, 1).Node("Add", ["x", "w"], ["y"]);

        Assert.Equal(["x"], (await validation.Accepts(model)).Signature.Inputs.Select(input => input.Name));
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
