using Larder.Inference.Signatures;
using Larder.Inference.Validation.Tests.Sandbox;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Compilation;

/// <summary>Models whose optimised graphs are published.</summary>
public sealed class SameTests(Compilations compilations) : IClassFixture<Compilations>
{
    [Theory]
    [InlineData("iris")]
    [InlineData("digits")]
    public async Task A_sample_model_is_compiled_to_one_that_can_be_served(string sample)
    {
        var (result, destination) = await compilations.Compile(Compilations.Sample(sample));

        Assert.True(result.IsSame, result.Reason);
        Assert.True(result.SamplesAreGenerated);
        Assert.Equal(9, result.Samples);
        Assert.InRange(result.LargestDifference!.Value, 0, 1e-5);
        Assert.StartsWith("The optimised model gave the same outputs on 9 generated samples; the largest difference is ", result.Reason, StringComparison.Ordinal);
        Assert.Equal(new FileInfo(destination).Length, result.BytesAfter);
        Assert.Equal(new FileInfo(Compilations.Sample(sample)).Length, result.BytesBefore);
        Assert.InRange(result.NodesAfter!.Value, 1, result.NodesBefore);
        Assert.False(result.IsUnchanged);
        var description = await compilations.Validator.ValidateAsync(destination, CancellationToken.None);
        Assert.Equal(description.Signature.Inputs.Select(input => input.TypeName), result.Description!.Signature.Inputs.Select(input => input.TypeName));
        Assert.True(description.RowsAreIndependent);
    }

    [Fact]
    public async Task Given_samples_may_have_optional_inputs()
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, -1, 2).Input("w", Datatype.Fp32, 2).Initializer(OnnxTensor.Of("w", [1f, 2f], 2))
            .Output("y", Datatype.Fp32, -1, 2).Node("Log", ["w"], ["t"]).Node("Mul", ["x", "t"], ["y"]);

        var (same, _) = await compilations.Compile(model, """[[1,2],{"x":[1,2],"w":[3,4]}]""");
        var (refused, _) = await compilations.Compile(model, """[{"x":[1,2],"v":[3,4]}]""");

        Assert.StartsWith("The optimised model gave the same outputs on 2 samples", same.Reason, StringComparison.Ordinal);
        Assert.Contains("w FP32 [2] (optional)", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_samples_are_observations_batches_or_objects_by_name()
    {
        var (result, _) = await compilations.Compile(Compilations.Sample("iris"), """
            [[5.1, 3.5, 1.4, 0.2], [[5.1, 3.5, 1.4, 0.2], [7, 3.2, 4.7, 1.4]], {"float_input": [[6.3, 3.3, 6, 2.5]]},
             {"inputs": {"float_input": [6.3, 3.3, 6, 2.5]}}, {"values": [6.3, 3.3, 6, 2.5]}]
            """);

        Assert.True(result.IsSame, result.Reason);
        Assert.Equal(5, result.Samples);
        Assert.False(result.SamplesAreGenerated);
        Assert.StartsWith("The optimised model gave the same outputs on 5 samples;", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_input_that_is_called_inputs_is_not_taken_for_a_wrapper()
    {
        var model = new OnnxModel().Input("inputs", Datatype.Fp32, -1, 2).Output("y", Datatype.Fp32, -1, 2).Node("Neg", ["inputs"], ["y"]);

        var (result, _) = await compilations.Compile(model, """[{"inputs": [1, 2]}, [3, 4]]""");

        Assert.True(result.IsSame, result.Reason);
        Assert.Equal(2, result.Samples);
    }

    [Fact]
    public async Task Sequences_of_maps_are_compared()
    {
        var (result, _) = await compilations.Compile(compilations.Save(OnnxModel.ZipMap()));

        Assert.True(result.IsSame, result.Reason);
        Assert.Equal("sequence(map(INT64,FP32))", result.Description!.Signature.Outputs[1].TypeName);
    }

    [Fact]
    public async Task Strings_are_compared()
    {
        var model = new OnnxModel().Opset("ai.onnx.ml", 2)
            .Input("x", Datatype.Bytes, -1, 1).Output("y", Datatype.Bytes, -1, 1).Output("code", Datatype.Int64, -1, 1)
            .Node("Identity", ["x"], ["y"])
            .Node(new OnnxNode("LabelEncoder", ["x"], ["code"], "ai.onnx.ml").Strings("keys_strings", "a", "日本語").Ints("values_int64s", 1, 2).Int("default_int64", -1));

        var (result, _) = await compilations.Compile(model, """[["a"], [["日本語"], [""], ["other"]]]""");

        Assert.True(result.IsSame, result.Reason);
        Assert.Null(result.LargestDifference);
        Assert.Equal("The optimised model gave the same outputs on 2 samples.", result.Reason);
        Assert.True((await compilations.Compile(model)).Result.IsSame);
    }

    [Theory]
    [InlineData(Datatype.Fp16)]
    [InlineData(Datatype.Fp64)]
    public async Task Other_floats_are_compared(Datatype datatype)
    {
        var model = new OnnxModel().Input("x", datatype, -1, 3).Output("y", datatype, -1, 3).Node("Add", ["x", "x"], ["t"]).Node("Mul", ["t", "x"], ["y"]);

        var (result, _) = await compilations.Compile(model, "[[1.5, -2, 3]]");

        Assert.True(result.IsSame, result.Reason);
        Assert.Equal(0, result.LargestDifference);
    }

    [Theory]
    [MemberData(nameof(SignatureTests.Datatypes), MemberType = typeof(SignatureTests))]
    public async Task Samples_of_every_element_type_are_made_up(Datatype datatype)
    {
        var (result, _) = await compilations.Compile(compilations.Save(OnnxModel.Identity(datatype, "batch", 2)));

        Assert.True(result.IsSame, result.Reason);
        Assert.Equal(9, result.Samples);
    }

    [Fact]
    public async Task What_is_not_a_number_equals_itself()
    {
        var model = new OnnxModel().Input("x", Datatype.Fp32, -1, 2).Output("y", Datatype.Fp32, -1, 2).Node("Div", ["x", "x"], ["t"]).Node("Sub", ["t", "x"], ["y"]);

        var (result, _) = await compilations.Compile(model, "[[0, 2], [0, 0]]");

        Assert.True(result.IsSame, result.Reason);
        Assert.Equal(0, result.LargestDifference);
    }

    [Fact]
    public async Task Operators_that_the_optimiser_makes_up_are_served()
    {
        // x * 0.5 * (1 + erf(x / sqrt 2)) becomes com.microsoft's Gelu.
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, -1, 8).Output("y", Datatype.Fp32, -1, 8)
            .Initializer(OnnxTensor.Of("root", [1.41421356f])).Initializer(OnnxTensor.Of("one", [1f])).Initializer(OnnxTensor.Of("half", [0.5f]))
            .Node("Div", ["x", "root"], ["a"]).Node("Erf", ["a"], ["b"]).Node("Add", ["b", "one"], ["c"]).Node("Mul", ["x", "c"], ["d"]).Node("Mul", ["d", "half"], ["y"]);

        var (result, destination) = await compilations.Compile(model);

        Assert.True(result.IsSame, result.Reason);
        Assert.Equal((5, 1), (result.NodesBefore, result.NodesAfter));
        Assert.Equal(1, result.Description!.Opsets["com.microsoft"]);
        Assert.Contains("Gelu", System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(destination)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_in_the_file_is_for_one_processor_alone()
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, -1, 16, 8, 8).Output("y", Datatype.Fp32, -1, 16, 6, 6)
            .Initializer(OnnxTensor.Of("w", [.. Enumerable.Range(0, 16 * 16 * 9).Select(i => i % 7 / 10f)], 16, 16, 3, 3))
            .Node("Conv", ["x", "w"], ["a"]).Node("Relu", ["a"], ["y"]);

        var (result, destination) = await compilations.Compile(model);

        Assert.True(result.IsSame, result.Reason);
        var text = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(destination));
        Assert.Contains("FusedConv", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ReorderInput", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Functions_and_subgraphs_are_compiled()
    {
        var model = new OnnxModel(8, 17).Opset("my.own", 1)
            .Input("x", Datatype.Fp32, -1, 2).Input("on", Datatype.Bool, 1).Output("y", Datatype.Fp32, -1, 2)
            .Node("Twice", ["x"], ["t"], "my.own")
            .Node(new OnnxNode("If", ["on"], ["y"])
                .Graph("then_branch", new OnnxGraph().Output("a", Datatype.Fp32, -1, 2).Node("Neg", ["t"], ["a"]))
                .Graph("else_branch", new OnnxGraph().Output("b", Datatype.Fp32, -1, 2).Node("Abs", ["t"], ["b"])))
            .Function(new OnnxFunction("my.own", "Twice", ["u"], ["v"]).Node(new OnnxNode("Add", ["u", "u"], ["v"])));

        var (result, _) = await compilations.Compile(model);

        Assert.True(result.IsSame, result.Reason);
        Assert.Equal(9, result.Samples);
    }

    [Fact]
    public async Task Lengths_that_vary_are_tried()
    {
        // Only lengths that are multiples of 16 fit.
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, 1, "length").Output("y", Datatype.Fp32, "parts", 16)
            .Initializer(OnnxTensor.Of("shape", [-1L, 16L], 2)).Node("Reshape", ["x", "shape"], ["y"]);

        var (result, _) = await compilations.Compile(model);

        Assert.True(result.IsSame, result.Reason);
        Assert.Equal(9, result.Samples);
    }

    [Fact]
    public async Task A_model_without_inputs_is_compared_as_it_is()
    {
        var model = new OnnxModel().Output("y", Datatype.Fp32, 2).Initializer(OnnxTensor.Of("w", [1f, 2f], 2)).Node("Neg", ["w"], ["y"]);

        var (result, _) = await compilations.Compile(model);

        Assert.True(result.IsSame, result.Reason);
    }

    [Fact]
    public async Task Compiling_twice_gives_the_same_bytes_and_what_is_compiled_stays_as_it_is()
    {
        var path = Compilations.Sample("digits");
        var (first, one) = await compilations.Compile(path);
        var (second, two) = await compilations.Compile(path);
        var (again, three) = await compilations.Compile(one);

        Assert.Equal(await File.ReadAllBytesAsync(one), await File.ReadAllBytesAsync(two));
        Assert.Equal((first.Reason, first.Samples, first.NodesAfter), (second.Reason, second.Samples, second.NodesAfter));
        Assert.True(again.IsUnchanged, $"{again.BytesBefore} {again.BytesAfter}");
        Assert.Equal(await File.ReadAllBytesAsync(one), await File.ReadAllBytesAsync(three));
    }

    [Fact]
    public async Task A_file_at_the_destination_is_replaced()
    {
        var path = compilations.Save(OnnxModel.Linear());
        var signature = (await compilations.Validator.ValidateAsync(path, CancellationToken.None)).Signature;
        var destination = compilations.Save([1, 2, 3]);

        var result = await compilations.Compiler.CompileAsync(path, destination, signature, null, 1e-5, 1e-4, CancellationToken.None);

        Assert.True(result.IsSame, result.Reason);
        Assert.Equal(result.BytesAfter, new FileInfo(destination).Length);
    }

    [Fact]
    public async Task A_small_model_of_much_constant_arithmetic_stays_small()
    {
        // 256 MiB, were they written out.
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, 1).Output("y", Datatype.Fp32, 1)
            .Initializer(OnnxTensor.Of("shape", [1L << 26], 1))
            .Node("ConstantOfShape", ["shape"], ["zeros"])
            .Node(new OnnxNode("ReduceMax", ["zeros"], ["largest"]).Int("keepdims", 1))
            .Node("Add", ["x", "largest"], ["y"]);

        var (result, _) = await compilations.Compile(model, "[[1]]");

        Assert.True(result.IsSame, result.Reason);
        Assert.InRange(result.BytesAfter!.Value, 1, 10_000);
    }
}
