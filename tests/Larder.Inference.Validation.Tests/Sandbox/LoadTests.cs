using Larder.Inference.Signatures;
using Larder.Inference.Validation.Tests.Scanning;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Sandbox;

public sealed class LoadTests(SharedSandbox validation) : IClassFixture<SharedSandbox>
{
    [Fact]
    public async Task An_operator_that_does_not_exist_is_named_without_telling_where_the_file_was()
    {
        var sentence = await validation.Refuses(Scan.Model().Node("Frobnicate", ["x"], ["z"]));

        Assert.StartsWith("ONNX Runtime cannot load the model: ", sentence, StringComparison.Ordinal);
        Assert.Contains("Frobnicate", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetTempPath(), sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("onnxruntime_src", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_name_of_a_file_does_not_decide_its_format() => await validation.Validator.ValidateAsync(validation.Save(OnnxModel.Linear(), "model.ort"), CancellationToken.None);

    [Fact]
    public async Task A_locale_that_the_server_lacks_is_not_the_fault_of_the_model()
    {
        const string Sentence =
            "The model's StringNormalizer needs the locale 'xx_YY.UTF-8', which this server lacks: the model may be sound. Install the locale on the server, or set the node's attribute locale to C.UTF-8; docs/onnx.md#text describes both.";

        Assert.Equal(Sentence, await validation.Refuses(Normalizer("xx_YY.UTF-8", node => node.String("case_change_action", "LOWER"))));
        Assert.Equal(Sentence, await validation.Refuses(Normalizer("xx_YY.UTF-8", node => node.Strings("stopwords", "a").Int("is_case_sensitive", 0))));
        // Neither changes nor compares letters.
        await validation.Accepts(Normalizer("xx_YY.UTF-8", node => node.Strings("stopwords", "a").Int("is_case_sensitive", 1)));
        await validation.Accepts(Normalizer("C", node => node.String("case_change_action", "LOWER")));

        static OnnxModel Normalizer(string locale, Func<OnnxNode, OnnxNode> with) => new OnnxModel()
            .Input("x", Datatype.Bytes, "n").Output("y", Datatype.Bytes, "m").Node(with(new OnnxNode("StringNormalizer", ["x"], ["y"]).String("locale", locale)));
    }

    [Fact]
    public async Task An_empty_graph_is_refused() =>
        Assert.StartsWith("ONNX Runtime cannot load the model: ", await validation.Refuses(new OnnxModel()), StringComparison.Ordinal);

    [Fact]
    public async Task A_function_that_calls_itself_is_refused() => Assert.Equal(
        "ONNX Runtime cannot load the model: Model local function definitions must not be recursive. Cycle detected: my.own:F -> my.own:F.",
        await validation.Refuses(Scan.Model()
            .Opset("my.own", 1)
            .Node("F", ["x"], ["z"], "my.own")
            .Function(new OnnxFunction("my.own", "F", ["a"], ["b"]).Message(9, new Proto().Text(1, "my.own").Varint(2, 1)).Node(new OnnxNode("F", ["a"], ["b"], "my.own")))));

    [Fact]
    public async Task A_model_that_fails_on_any_numbers_is_refused()
    {
        // The Reshape fits no input, which shows only when it runs.
        var sentence = await validation.Refuses(new OnnxModel()
            .Input("x", Datatype.Fp32, "batch", 4).Output("y", Datatype.Fp32, "a", "b")
            .Initializer(OnnxTensor.Of("shape", [-1L, 3L], 2)).Node("Reshape", ["x", "shape"], ["y"], name: "squeeze"));

        Assert.StartsWith("The model loads, but fails when it is run on zeros: ", sentence, StringComparison.Ordinal);
        Assert.Contains("squeeze", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(".cc:", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(".h:", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_rightly_rejects_zero_is_accepted()
    {
        var description = await validation.Accepts(new OnnxModel()
            .Input("start", Datatype.Int64).Input("end", Datatype.Int64).Input("step", Datatype.Int64).Output("y", Datatype.Int64, "n").Node("Range", ["start", "end", "step"], ["y"]));

        Assert.Equal(3, description.Signature.Inputs.Count);
    }

    [Fact]
    public async Task A_model_whose_floats_are_parameters_is_accepted()
    {
        // A scale of zero is invalid, one is not.
        var description = await validation.Accepts(new OnnxModel()
            .Input("x", Datatype.Fp32, 1, 1, 2, 2).Input("scales", Datatype.Fp32, 4).Output("y", Datatype.Fp32, "n", "c", "h", "w")
            .Node("Resize", ["x", "", "scales"], ["y"]));

        Assert.Equal(2, description.Signature.Inputs.Count);
    }

    [Fact]
    public async Task A_model_whose_dimensions_vary_is_not_run()
    {
        // It would fail: the Reshape fits no input.
        var description = await validation.Accepts(new OnnxModel()
            .Input("x", Datatype.Fp32, "batch", "length").Output("y", Datatype.Fp32, "a", 3, 5, 7)
            .Initializer(OnnxTensor.Of("shape", [-1L, 3, 5, 7], 4)).Node("Reshape", ["x", "shape"], ["y"]));

        Assert.Equal([-1, -1], description.Signature.Inputs[0].Shape!);
    }

    [Fact]
    public async Task A_mutant_never_does_more_than_be_refused()
    {
        var seed = 100_000;
        for (var tried = 0; tried < 300; seed++)
        {
            var mutant = Mutations.Mutant(seed);
            try
            {
                Scan.Accepts(mutant);
            }
            catch (InvalidModelException)
            {
                continue;
            }

            tried++;
            try
            {
                await validation.Accepts(mutant);
            }
            catch (InvalidModelException refusal)
            {
                Assert.True(refusal.Message.EndsWith('.') || refusal.Message.EndsWith('…'), $"Seed {seed}: {refusal.Message}");
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}: {e}");
            }
        }

        Assert.NotNull(await validation.Accepts(OnnxModel.Linear()));
    }
}
