using Larder.Inference.Compilation;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Compilation;

/// <summary>What a model answers to samples, compared with expected outputs in the form of answers.</summary>
public sealed class SampleComparerTests(Compilations compilations) : IClassFixture<Compilations>
{
    [Theory]
    [InlineData("[1,2]", "[1,2]", null)]
    [InlineData("[1,2]", "[1.00001,2]", null)]
    [InlineData("[1,2]", "[1,2.5]", "For samples[0], output 'y' at [1] is 2.5 in the expected outputs and 2 in the model's outputs (atol 1E-05, rtol 0.0001).")]
    [InlineData("[1,\"NaN\",\"-Infinity\"]", "[1,\"NaN\",\"-Infinity\"]", null)]
    [InlineData("[1,null]", "[1,\"NaN\"]", null)]
    [InlineData("[1,\"NaN\"]", "[1,0]", "For samples[0], output 'y' at [1] is 0 in the expected outputs and NaN in the model's outputs (atol 1E-05, rtol 0.0001).")]
    [InlineData("[1,2]", "[1,2,3]", "For samples[0], output 'y' has the shape [3] in the expected outputs and [2] in the model's outputs (atol 1E-05, rtol 0.0001).")]
    [InlineData("[1,2]", "{}", "For samples[0], the expected output cannot be compared with the model's: it expects FP32 [-1]; got an object (atol 1E-05, rtol 0.0001).")]
    [InlineData("[[1]]", "[1]", "samples[0] cannot be used: x expects FP32 [-1]; got lists nested more than 1 deep.")]
    public async Task Floats(string values, string output, string? difference) =>
        Assert.Equal(difference, await DifferenceAsync(OnnxModel.Identity(Datatype.Fp32, -1), values, $$"""{"y":{{output}}}"""));

    [Theory]
    [InlineData(Datatype.Int64, "[9007199254740993]", "[9007199254740993]", "[9007199254740992]")]
    [InlineData(Datatype.UInt8, "[255]", "[255]", "[254]")]
    [InlineData(Datatype.Bool, "[true]", "[true]", "[false]")]
    [InlineData(Datatype.Bytes, "[\"a\\u00e4\"]", "[\"a\\u00e4\"]", "[\"a\"]")]
    [InlineData(Datatype.Fp16, "[0.1]", "[0.1]", "[0.2]")]
    [InlineData(Datatype.Bf16, "[0.5]", "[0.5]", "[0.25]")]
    [InlineData(Datatype.Fp64, "[0.1]", "[0.1]", "[0.2]")]
    public async Task Every_type(Datatype datatype, string values, string same, string other)
    {
        Assert.Null(await DifferenceAsync(OnnxModel.Identity(datatype, -1), values, $$"""{"y":{{same}}}"""));
        Assert.StartsWith("For samples[0], output 'y' at [0] is ", await DifferenceAsync(OnnxModel.Identity(datatype, -1), values, $$"""{"y":{{other}}}"""));
    }

    [Fact]
    public async Task Sequences_of_maps()
    {
        var model = OnnxModel.ZipMap(features: 2, classes: 2);
        var name = (await compilations.Validator.ValidateAsync(compilations.Save(model), CancellationToken.None)).Signature.Outputs.Single(output => output.Kind == ValueKind.Sequence).Name;
        string Maps(string more) => $$"""{"{{name}}":[{{more}}]}""";

        var first = await DifferenceAsync(model, "[[0,0]]", Maps("""{"0":7,"1":8}"""));
        Assert.Matches(@"^For samples\[0\], output '.*', element 0, values at \[0\] is 7 in the expected outputs and [0-9.E-]+ in the model's outputs", first);
        Assert.Matches(@", keys at \[1\] is 5 in the expected outputs and 1 in the model's outputs", await DifferenceAsync(model, "[[0,0]]", Maps("""{"0":7,"5":8}""")));
        Assert.Contains("it has 2 elements, and the model's has 1", await DifferenceAsync(model, "[[0,0]]", Maps("""{"0":7,"1":8},{"0":7,"1":8}""")));
        Assert.Contains("it is a list, and not an object", await DifferenceAsync(model, "[[0,0]]", Maps("[1]")));
    }

    [Fact]
    public async Task Each_sample_counts_and_the_first_that_differs_is_named()
    {
        var model = OnnxModel.Identity(Datatype.Fp32, -1);
        Assert.StartsWith("For samples[1], ", await DifferenceAsync(model, ["[1]", "[2]", "[3]"], ["""{"y":[1]}""", """{"y":[1]}""", """{"y":[1]}"""]));
        Assert.Null(await DifferenceAsync(model, ["[1]", "[2]"], ["""{"y":[1]}""", "{}"]));
        Assert.Contains("the expected outputs have 'z', which the model does not give", await DifferenceAsync(model, "[1]", """{"z":[1]}"""));
    }

    [Fact]
    public async Task Samples_may_name_columns()
    {
        Feature[] features = [new() { Name = "a" }, new() { Name = "b" }];

        Assert.Null(await DifferenceAsync(OnnxModel.Identity(Datatype.Fp32, -1, 2), ["""{"b":2,"a":1}"""], ["""{"y":[[1,2]]}"""], features));
    }

    [Fact]
    public async Task A_model_that_never_ends_is_a_difference()
    {
        await using var quick = new ModelValidator(new ValidationLimits { LoadSeconds = 5, SmallLoadSeconds = 5 });
        var model = OnnxModel.EndlessLoop();
        var described = await new ModelValidator(new ValidationLimits()).ValidateAsync(compilations.Save(OnnxModel.Identity(Datatype.Fp32, 1)), CancellationToken.None);

        var difference = await new SampleComparer(quick).DifferenceAsync(
            compilations.Save(model), new ServableModel("m", "1", "", model.Length, described, new ModelSettings()), [], new ExpectedSamples(["[1]"], ["{}"], 0, 0), "", CancellationToken.None);

        Assert.Equal("The model did not load and run within 5 seconds.", difference);
    }

    private Task<string?> DifferenceAsync(byte[] model, string values, string outputs) => DifferenceAsync(model, [values], [outputs]);

    private async Task<string?> DifferenceAsync(byte[] model, string[] values, string[] outputs, Feature[]? features = null)
    {
        var path = compilations.Save(model);
        var description = await compilations.Validator.ValidateAsync(path, CancellationToken.None) with { TakesMissing = true };
        return await new SampleComparer(compilations.Validator).DifferenceAsync(
            path, new ServableModel("m", "1", "", model.Length, description, new ModelSettings()), features ?? [], new ExpectedSamples(values, outputs, 1e-5, 1e-4), "", CancellationToken.None);
    }
}
