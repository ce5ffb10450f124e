using Larder.Inference.Signatures;
using Larder.Inference.Validation.Tests.Sandbox;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.RangeAnalysis;

/// <summary>Which models are refused because some values would end the process, and which have a graph that rules these out.</summary>
public sealed class ProofTests(SharedSandbox validation) : IClassFixture<SharedSandbox>
{
    private const string Divides =
        "divides integers by integers that are not constant; the smallest integer divided by -1 would end the server: divide by a constant, by a shape, or as floating-point numbers.";

    [Theory]
    [InlineData("Div", Datatype.Int32)]
    [InlineData("Div", Datatype.Int64)]
    [InlineData("Mod", Datatype.Int32)]
    [InlineData("Mod", Datatype.Int64)]
    public async Task Dividing_integers_by_integers_that_a_client_sends_is_refused(string op, Datatype datatype) =>
        Assert.Equal($"{op} node 'share' {Divides}", await validation.Refuses(Binary(op, datatype)));

    [Theory]
    [InlineData("Div", Datatype.Int8)]
    [InlineData("Div", Datatype.Int16)]
    [InlineData("Div", Datatype.UInt8)]
    [InlineData("Div", Datatype.UInt32)]
    [InlineData("Div", Datatype.UInt64)]
    [InlineData("Div", Datatype.Fp16)]
    [InlineData("Div", Datatype.Fp32)]
    [InlineData("Div", Datatype.Fp64)]
    [InlineData("Mod", Datatype.Int8)]
    [InlineData("Mod", Datatype.Int16)]
    [InlineData("Mod", Datatype.UInt64)]
    public async Task Dividing_other_numbers_is_accepted(string op, Datatype datatype) => await validation.Accepts(Binary(op, datatype));

    [Fact]
    public async Task The_remainder_as_C_has_it_is_accepted() => await validation.Accepts(new OnnxModel()
        .Input("a", Datatype.Int64, "n").Input("b", Datatype.Int64, "n").Output("y", Datatype.Int64, "n").Node(new OnnxNode("Mod", ["a", "b"], ["y"]).Int("fmod", 1)));

    [Theory]
    [InlineData(2L)]
    [InlineData(-3L, 5L)]
    [InlineData(long.MinValue)]
    public async Task Dividing_by_constants_other_than_minus_one_is_accepted(params long[] constants)
    {
        foreach (var op in new[] { "Div", "Mod" })
            await validation.Accepts(By(op, OnnxTensor.Of("b", constants, constants.Length)));
    }

    [Fact]
    public async Task Dividing_by_a_constant_that_holds_minus_one_is_refused() => Assert.EndsWith(Divides, await validation.Refuses(By("Div", OnnxTensor.Of("b", [2L, -1L], 2))));

    [Fact]
    public async Task Dividing_a_constant_that_is_not_the_smallest_integer_is_accepted() => await validation.Accepts(new OnnxModel()
        .Input("b", Datatype.Int32, "n").Output("y", Datatype.Int32, "n").Initializer(OnnxTensor.Of("a", [1_000])).Node("Div", ["a", "b"], ["y"]));

    [Fact]
    public async Task Dividing_by_an_initializer_that_a_client_may_override_is_refused() => Assert.EndsWith(Divides, await validation.Refuses(new OnnxModel()
        .Input("a", Datatype.Int64, "n").Input("b", Datatype.Int64).Initializer(OnnxTensor.Of("b", [2L])).Output("y", Datatype.Int64, "n").Node("Div", ["a", "b"], ["y"])));

    [Fact]
    public async Task Dividing_by_an_initializer_that_older_files_list_among_the_inputs_is_accepted() => await validation.Accepts(new OnnxModel(3, 8)
        .Input("a", Datatype.Int64, "n").Input("b", Datatype.Int64).Initializer(OnnxTensor.Of("b", [2L])).Output("y", Datatype.Int64, "n").Node("Div", ["a", "b"], ["y"]));

    [Fact]
    public async Task A_constant_that_is_computed_is_a_constant() => await validation.Accepts(new OnnxModel()
        .Input("a", Datatype.Int64, "n").Output("y", Datatype.Int64, "n")
        .Node(new OnnxNode("Constant", [], ["two"]).Tensor("value", OnnxTensor.Of("", [2L], 1))).Node("Add", ["two", "two"], ["four"]).Node("Div", ["a", "four"], ["y"]));

    [Theory]
    // As exporters compute the lengths of windows, heads and masks.
    [InlineData(true, "Shape x s", "Gather s zero d", "Div n d y")]
    [InlineData(true, "Shape x s", "Gather s zero d", "Add d one e", "Div n e y")]
    [InlineData(true, "Shape x s", "Gather s zero d", "Gather s one e", "Mul d e p", "Mod n p y")]
    [InlineData(true, "Shape x s", "Gather s zero d", "Add d one e", "Sub e two f", "Div f two y")]
    [InlineData(true, "Shape x s", "Gather s zero d", "Sub d one e", "Div e n y")]
    [InlineData(true, "Mod n two m", "Div m n y")]
    [InlineData(true, "Mod n two m", "Add m one o", "Div n o y")]
    [InlineData(true, "Max n one m", "Div n m y")]
    [InlineData(true, "Min n two m", "Max m one o", "Div n o y")]
    [InlineData(true, "Size x s", "Div n s y")]
    [InlineData(true, "Sign n s", "Div s n y")]
    [InlineData(true, "Shape x s", "Gather s zero d", "Concat n d c", "Div c two y")]
    [InlineData(false, "Shape x s", "Gather s zero d", "Concat n d c", "Div two c e", "Div n c y")]
    [InlineData(false, "Shape x s", "Gather s zero d", "Sub d one e", "Div n e y")]
    [InlineData(false, "Neg one m", "Mul m n o", "Div n o y")]
    [InlineData(false, "Abs n m", "Div m n y")]
    [InlineData(false, "Add n one m", "Div n m y")]
    [InlineData(false, "Div n two m", "Div n m y")]
    public async Task What_comes_from_shapes_and_bounds_is_known(bool isAccepted, params string[] nodes)
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, "rows", "columns").Input("n", Datatype.Int64, 1).Output("y", Datatype.Int64, "m")
            .Initializer(OnnxTensor.Of("zero", [0L], 1)).Initializer(OnnxTensor.Of("one", [1L], 1)).Initializer(OnnxTensor.Of("two", [2L], 1));
        foreach (var node in nodes.Select(node => node.Split(' ')))
        {
            var made = new OnnxNode(node[0], node[1..^1], [node[^1]]);
            model.Node(node[0] == "Concat" ? made.Int("axis", 0) : made);
        }

        if (isAccepted)
            await validation.Accepts(model);
        else
            Assert.EndsWith(Divides, await validation.Refuses(model));
    }

    [Fact]
    public async Task What_was_a_floating_point_number_may_be_any_integer() => Assert.EndsWith(Divides, await validation.Refuses(new OnnxModel()
        .Input("x", Datatype.Fp32, "n").Output("y", Datatype.Int64, "n").Node(new OnnxNode("Cast", ["x"], ["i"]).Int("to", 7)).Node("Div", ["i", "i"], ["y"])));

    [Fact]
    public async Task A_byte_that_was_made_an_integer_is_small() => await validation.Accepts(new OnnxModel()
        .Input("x", Datatype.UInt8, "n").Input("n", Datatype.Int64, "n").Output("y", Datatype.Int64, "n")
        .Node(new OnnxNode("Cast", ["x"], ["i"]).Int("to", 7)).Node("Div", ["i", "n"], ["y"]));

    [Fact]
    public async Task Layer_normalisation_in_single_steps_is_accepted() => await validation.Accepts(new OnnxModel()
        .Input("x", Datatype.Fp32, -1, 8).Output("y", Datatype.Fp32, -1, 8)
        .Initializer(OnnxTensor.Of("two", [2f])).Initializer(OnnxTensor.Of("little", [1e-5f]))
        .Node(new OnnxNode("ReduceMean", ["x"], ["mean"]).Ints("axes", -1)).Node("Sub", ["x", "mean"], ["d"]).Node("Pow", ["d", "two"], ["p"])
        .Node(new OnnxNode("ReduceMean", ["p"], ["variance"]).Ints("axes", -1)).Node("Add", ["variance", "little"], ["v"]).Node("Sqrt", ["v"], ["s"]).Node("Div", ["d", "s"], ["y"]));

    [Fact]
    public async Task A_division_is_found_in_a_branch_a_loop_and_a_function()
    {
        var branch = new OnnxModel()
            .Input("a", Datatype.Int64, 1).Input("b", Datatype.Int64, 1).Input("on", Datatype.Bool, 1).Output("y", Datatype.Int64, 1)
            .Node(new OnnxNode("If", ["on"], ["y"])
                .Graph("then_branch", new OnnxGraph().Output("c", Datatype.Int64, 1).Node("Div", ["a", "b"], ["c"]))
                .Graph("else_branch", new OnnxGraph().Output("d", Datatype.Int64, 1).Node("Neg", ["a"], ["d"])));
        var loop = Loop("before", "b");
        var function = new OnnxModel().Opset("my.own", 1)
            .Input("a", Datatype.Int64, 1).Input("b", Datatype.Int64, 1).Output("y", Datatype.Int64, 1).Node("Share", ["a", "b"], ["y"], "my.own")
            .Function(new OnnxFunction("my.own", "Share", ["u", "v"], ["w"]).Node(new OnnxNode("Div", ["u", "v"], ["w"])));

        Assert.EndsWith(Divides, await validation.Refuses(branch));
        Assert.EndsWith(Divides, await validation.Refuses(loop));
        Assert.EndsWith(Divides, await validation.Refuses(function));
    }

    [Fact]
    public async Task A_loop_may_divide_by_what_is_outside_and_known() => await validation.Accepts(Loop("before", "size"));

    [Fact]
    public async Task A_function_of_a_type_is_checked_as_it_is_called() => await validation.Accepts(new OnnxModel().Opset("my.own", 1)
        .Input("a", Datatype.Fp32, 1).Input("b", Datatype.Fp32, 1).Output("y", Datatype.Fp32, 1).Node("Share", ["a", "b"], ["y"], "my.own")
        .Function(new OnnxFunction("my.own", "Share", ["u", "v"], ["w"]).Node(new OnnxNode("Div", ["u", "v"], ["w"]))));

    [Fact]
    public async Task The_length_of_a_frame_must_be_constant()
    {
        OnnxModel Model() => new OnnxModel().Input("x", Datatype.Fp32, 1, 64, 1).Output("y", Datatype.Fp32, 1, "frames", "bins", 2).Initializer(OnnxTensor.Of("step", [4L]));

        Assert.Equal(
            "STFT node 'y' takes a frame length that is not constant; a length of 0 would end the server: make it a constant.",
            await validation.Refuses(Model().Input("length", Datatype.Int64).Node("STFT", ["x", "step", "", "length"], ["y"])));
        var accepted = await validation.Accepts(Model().Initializer(OnnxTensor.Of("length", [16L])).Node("STFT", ["x", "step", "", "length"], ["y"]));
        Assert.True(accepted.RefusesEmptyInputs);
    }

    [Fact]
    public async Task Large_weights_are_not_in_the_way()
    {
        var description = await validation.Accepts(new OnnxModel()
            .Input("x", Datatype.Fp32, -1, 512).Output("y", Datatype.Fp32, -1, 512)
            .Initializer(OnnxTensor.Of("w", new float[512 * 512], 512, 512)).Node("MatMul", ["x", "w"], ["t"]).Node("Add", ["t", "x"], ["u"]).Node("Div", ["u", "x"], ["y"]));

        Assert.False(description.RefusesEmptyInputs);
    }

    private static OnnxModel Binary(string op, Datatype datatype) => new OnnxModel()
        .Input("a", datatype, "n").Input("b", datatype, "n").Output("y", datatype, "n").Node(op, ["a", "b"], ["y"], name: "share");

    private static OnnxModel By(string op, OnnxTensor divisor) => new OnnxModel()
        .Input("a", Datatype.Int64, -1, 1).Output("y", Datatype.Int64, -1, "m").Initializer(divisor).Node(op, ["a", "b"], ["y"]);

    private static OnnxModel Loop(string dividend, string divisor) => new OnnxModel()
        .Input("a", Datatype.Int64, 1).Input("b", Datatype.Int64, 1).Output("y", Datatype.Int64, 1)
        .Initializer(OnnxTensor.Of("trips", [3L])).Initializer(OnnxTensor.Of("yes", [true]))
        .Node("Shape", ["a"], ["size"])
        .Node(new OnnxNode("Loop", ["trips", "yes", "a"], ["y"]).Graph("body", new OnnxGraph("body")
            .Input("i", Datatype.Int64).Input("on", Datatype.Bool).Input("before", Datatype.Int64, 1)
            .Output("still_on", Datatype.Bool).Output("after", Datatype.Int64, 1)
            .Node("Identity", ["on"], ["still_on"]).Node("Div", [dividend, divisor], ["after"])));
}
