using System.Text;
using System.Text.Json;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Tensors;

public sealed class PredictionInputsTests : IAsyncLifetime
{
    private static readonly byte[] Scale = new OnnxModel()
        .Input("x", Datatype.Fp32, -1, 2)
        .Input("größe", Datatype.Int64)
        .Output("y", Datatype.Fp32, -1, 2)
        .Output("same", Datatype.Int64)
        .Node(new OnnxNode("Cast", ["größe"], ["factor"]).Int("to", 1))
        .Node("Mul", ["x", "factor"], ["y"])
        .Node("Identity", ["größe"], ["same"])
        .ToBytes();

    // y = x * w + b, where w and b may be left out.
    private static readonly byte[] Affine = new OnnxModel()
        .Input("w", Datatype.Fp32, 2).Input("x", Datatype.Fp32, -1, 2).Input("b", Datatype.Fp32)
        .Initializer(OnnxTensor.Of("w", [2f, 3f], 2)).Initializer(OnnxTensor.Of("b", [0f]))
        .Output("y", Datatype.Fp32, -1, 2)
        .Node("Mul", ["x", "w"], ["t"]).Node("Add", ["t", "b"], ["y"])
        .ToBytes();

    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Theory]
    [InlineData("""{"x":[[1,2],[3,4]],"größe":3}""")]
    [InlineData("""{"größe":3,"x":[[1,2],[3,4]]}""")]
    [InlineData("""{"gr\u00f6\u00dfe":3,"x":[[1,2],[3,4]]}""")]
    public async Task Several_inputs_come_by_name_in_any_order(string values) =>
        Assert.Equal(["[[3,6],[9,12]]", "3"], await _kitchen.PredictAsync(Scale, values));

    [Theory]
    [InlineData("[1,2]")]
    [InlineData("""{"x":[1,2]}""")]
    public async Task A_single_input_comes_bare_or_by_name(string values) =>
        Assert.Equal(["[[1,2]]"], await _kitchen.PredictAsync(OnnxModel.Identity(Datatype.Fp32, -1, 2), values));

    [Theory]
    [InlineData("[1,1]", "[[2,3]]")]
    [InlineData("""{"x":[1,1]}""", "[[2,3]]")]
    [InlineData("""{"x":[1,1],"w":[5,6]}""", "[[5,6]]")]
    [InlineData("""{"b":1,"x":[[1,1],[2,2]],"w":[5,6]}""", "[[6,7],[11,13]]")]
    [InlineData("""{"b":1,"x":[1,1]}""", "[[3,4]]")]
    public async Task Optional_inputs_may_be_given_or_left_out(string values, string y)
    {
        using var lease = await _kitchen.LeaseAsync(Affine);

        Assert.Equal([y], await Kitchen.PredictAsync(lease.Model, values));
        // What one request gave is not there in the next.
        Assert.Equal(["[[2,3]]"], await Kitchen.PredictAsync(lease.Model, "[1,1]"));
    }

    [Theory]
    [InlineData("""{"w":[5,6]}""", "values lacks x, which expects FP32 [-1,2]")]
    [InlineData("""{"x":[1,1],"w":[5,6],"w":[5,6]}""", "values has w twice")]
    [InlineData("""{"x":[1,1],"w":[5]}""", "w expects FP32 [2]; got 1 value")]
    [InlineData("""{"x":[1,1],"v":[5]}""", "values has v, which the model does not take; its inputs are x FP32 [-1,2], b FP32 [] (optional), w FP32 [2] (optional)")]
    public async Task Optional_inputs_are_checked_as_others_are(string values, string sentence)
    {
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => _kitchen.PredictAsync(Affine, values));

        Assert.StartsWith(sentence, error.Message);
    }

    [Fact]
    public async Task A_model_may_have_optional_inputs_only()
    {
        var model = new OnnxModel().Input("w", Datatype.Fp32, 2).Initializer(OnnxTensor.Of("w", [1f, 2f], 2)).Output("y", Datatype.Fp32, 2).Node("Neg", ["w"], ["y"]).ToBytes();

        Assert.Equal(["[-1,-2]"], await _kitchen.PredictAsync(model, "{}"));
        Assert.Equal(["[-3,-4]"], await _kitchen.PredictAsync(model, """{"w":[3,4]}"""));
    }

    [Fact]
    public async Task An_optional_input_that_is_an_output_is_answered()
    {
        var model = new OnnxModel().Input("w", Datatype.Fp32, 2).Initializer(OnnxTensor.Of("w", [1f, 2f], 2)).Output("w", Datatype.Fp32, 2)
            .Input("x", Datatype.Fp32, 2).Output("y", Datatype.Fp32, 2).Node("Add", ["x", "w"], ["y"]).ToBytes();

        Assert.Equal(["[3,4]", "[4,5]"], await _kitchen.PredictAsync(model, """{"x":[1,1],"w":[3,4]}"""));
        Assert.Equal(["[1,2]", "[2,3]"], await _kitchen.PredictAsync(model, """{"x":[1,1]}"""));
    }

    [Theory]
    [InlineData("[1,2]", "the model has 2 inputs: values must be an object with x FP32 [-1,2], größe INT64 []; got a list")]
    [InlineData("null", "the model has 2 inputs: values must be an object with x FP32 [-1,2], größe INT64 []; got null")]
    [InlineData("{}", "values lacks x, which expects FP32 [-1,2]")]
    [InlineData("""{"x":[1,2]}""", "values lacks größe, which expects INT64 []")]
    [InlineData("""{"x":[1,2],"x":[1,2],"größe":1}""", "values has x twice")]
    [InlineData("""{"x":[1,2],"size":1}""", "values has size, which the model does not take; its inputs are x FP32 [-1,2], größe INT64 []")]
    [InlineData("""{"x":[1,2],"größe":{"größe":1}}""", "größe expects INT64 []; got an object")]
    public async Task An_object_must_have_every_input_once_and_no_other(string values, string sentence)
    {
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => _kitchen.PredictAsync(Scale, values));

        Assert.Equal(sentence, error.Message);
    }

    [Theory]
    [InlineData("""{"\ud800":1}""", @"\ud800")]
    [InlineData("""{"gr\u00f6\udc00e":1}""", @"gr\u00f6\udc00e")]
    public async Task A_name_that_is_no_text_is_no_input(string values, string shown)
    {
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => _kitchen.PredictAsync(Scale, values));

        Assert.StartsWith($"values has {shown}, which the model does not take", error.Message);
    }

    [Fact]
    public async Task A_name_from_a_client_is_short_and_printable_in_the_message()
    {
        var name = "\\u0000\\u202e" + new string('n', 1000);

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => _kitchen.PredictAsync(Scale, $$"""{"{{name}}":1}"""));

        Assert.True(error.Message.Length < 200, error.Message);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Theory]
    [InlineData("""{"x":[1,2],"größe":1""")]
    [InlineData("""{"x":[1,2]""")]
    [InlineData("""{"x":""")]
    [InlineData("""{"x" [1,2]}""")]
    [InlineData("""{"x":[1,2],}""")]
    [InlineData("""{"x":[1,NaN],"größe":1}""")]
    [InlineData("""{"x":[1,2],"größe":1} 2""")]
    public async Task What_is_not_JSON_is_a_JsonException(string values) =>
        await Assert.ThrowsAnyAsync<JsonException>(() => _kitchen.PredictAsync(Scale, values));

    [Fact]
    public async Task An_input_that_was_not_given_is_missed_at_the_run()
    {
        using var lease = await _kitchen.LeaseAsync(Scale);
        using var inputs = lease.Model.RentInputs();
        inputs[0].Reserve([1, 2]);

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => lease.Model.RunAsync(inputs, CancellationToken.None).AsTask());

        Assert.Equal("values lacks größe, which expects INT64 []", error.Message);
    }

    [Fact]
    public async Task Rented_inputs_remember_nothing_of_the_last_request()
    {
        using var lease = await _kitchen.LeaseAsync(Scale);
        for (var i = 0; i < 3; i++)
        {
            using var inputs = lease.Model.RentInputs();
            Assert.False(inputs[0].HasValue);
            Kitchen.Read(inputs, Encoding.UTF8.GetBytes("""{"x":[1,2],"größe":2}"""));
            inputs.Dispose();
        }
    }
}
