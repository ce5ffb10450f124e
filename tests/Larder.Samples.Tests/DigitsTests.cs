using Larder.Inference.Images;
using Larder.Inference.Settings;
using Larder.Inference.Validation;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Samples.Tests;

public sealed class DigitsTests
{
    private static readonly string Model = Samples.Path("digits", "digits.onnx");

    [Fact]
    public async Task Every_file_sent_as_it_is_shows_its_digit_with_default_image_settings()
    {
        string[] files = ["0.png", "1.jpg", "2.png", "3.jpg", "4.png", "5.jpg", "6.png", "7.jpg", "8.png", "9.jpg"];
        await using var validator = new ModelValidator(new ValidationLimits());
        var description = await validator.ValidateAsync(Model, CancellationToken.None);
        var plan = ImagePlan.For(description.Signature, new ImageSettings());
        using var session = new InferenceSession(Model);

        var predictions = files.Select(file => Predict(session, plan, File.ReadAllBytes(Samples.Path("digits", "files", file)))).ToArray();

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], predictions.Select(prediction => prediction.Label));
        Assert.All(predictions, prediction => Assert.InRange(prediction.Probability, 0.9f, 1f));
    }

    private static (long Label, float Probability) Predict(InferenceSession session, ImagePlan plan, byte[] file)
    {
        using var image = plan.Decode(file, new ImageLimits());
        using var input = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [.. image.Shape]);
        image.WriteTo(input.GetTensorMutableRawData());
        using var outputs = session.Run(new RunOptions(), ["image"], [input], ["label", "probabilities"]);
        var label = outputs[0].GetTensorDataAsSpan<long>()[0];
        return (label, outputs[1].GetTensorDataAsSpan<float>()[(int)label]);
    }
}
