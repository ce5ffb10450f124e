using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Samples.Tests;

public sealed class IrisTests : IDisposable
{
    private readonly TrainingScript _script = new();

    public void Dispose() => _script.Dispose();

    [Fact]
    public async Task Training_again_gives_the_committed_model_and_metrics_byte_for_byte()
    {
        var (exitCode, errors) = await _script.Run();

        Assert.True(exitCode == 0, errors);
        Assert.Equal(["iris.onnx", "metrics.json"], FilesIn(_script.Output));
        Assert.Equal(await File.ReadAllBytesAsync(Samples.Path("iris", "iris.onnx")), await File.ReadAllBytesAsync(Path.Combine(_script.Output, "iris.onnx")));
        Assert.Equal(await MetricsIn(Samples.Path("iris")), await MetricsIn(_script.Output));
    }

    [Fact]
    public void The_model_is_as_accurate_in_ONNX_Runtime_as_its_metrics_say()
    {
        var lines = File.ReadAllLines(Samples.Path("iris", "iris.csv"))[1..].Select(line => line.Split(',')).ToArray();
        string[] classes = ["setosa", "versicolor", "virginica"];
        // The script holds out the first of every five rows of a class.
        var heldOut = lines.GroupBy(line => line[^1]).SelectMany(rows => rows.Where((_, index) => index % 5 == 0)).ToArray();

        var (labels, probabilities) = Predict(Samples.Path("iris", "iris.onnx"), [.. heldOut.Select(line => line[..^1].Select(float.Parse).ToArray())]);

        var hits = heldOut.Zip(labels).Count(pair => classes[pair.Second] == pair.First[^1]);
        using var metrics = JsonDocument.Parse(File.ReadAllBytes(Samples.Path("iris", "metrics.json")));
        Assert.Equal(metrics.RootElement.GetProperty("test_rows").GetInt32(), heldOut.Length);
        Assert.Equal(metrics.RootElement.GetProperty("accuracy").GetDouble(), (double)hits / heldOut.Length, 12);
        Assert.All(probabilities.Chunk(3), row => Assert.Equal(1, row.Sum(), 1e-5f));
    }

    [Fact]
    public async Task A_job_chooses_the_data_the_folder_and_the_model_name_by_the_environment()
    {
        var rows = Enumerable.Range(1, 10).SelectMany(i => new[] { $"{i},7,tall", $"{-i},7,small" });

        var (exitCode, errors) = await _script.Run(await _script.Dataset(["height,always,size", .. rows]), "heights");

        Assert.True(exitCode == 0, errors);
        Assert.Equal(["heights.onnx", "metrics.json"], FilesIn(_script.Output));
        var (labels, _) = Predict(Path.Combine(_script.Output, "heights.onnx"), [[3, 7], [-3, 7]]);
        Assert.Equal([1, 0], labels);
    }

    [Theory]
    [InlineData("Every column but the last must be a number", "a,kind", "one,x")]
    [InlineData("Row 1 has 1 columns; the header has 2", "a,kind", "x")]
    [InlineData("has a number that is not finite", "a,kind", "nan,x")]
    [InlineData("Two classes with 5 rows each are needed", "a,kind", "1,x", "2,y")]
    [InlineData("The dataset needs a header", "a,kind")]
    public async Task A_dataset_that_cannot_be_learnt_ends_the_script_with_a_sentence_and_no_model(string sentence, params string[] lines)
    {
        var (exitCode, errors) = await _script.Run(await _script.Dataset(lines));

        Assert.Equal(1, exitCode);
        Assert.Contains(sentence, errors);
        Assert.DoesNotContain("Traceback", errors);
        Assert.False(Directory.Exists(_script.Output));
    }

    private static (long[] Labels, float[] Probabilities) Predict(string model, float[][] rows)
    {
        using var session = new InferenceSession(model);
        using var input = OrtValue.CreateTensorValueFromMemory(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);
        using var outputs = session.Run(new RunOptions(), ["float_input"], [input], ["label", "probabilities"]);
        return (outputs[0].GetTensorDataAsSpan<long>().ToArray(), outputs[1].GetTensorDataAsSpan<float>().ToArray());
    }

    private static IEnumerable<string?> FilesIn(string folder) => Directory.GetFiles(folder).Select(Path.GetFileName).Order();

    private static async Task<string> MetricsIn(string folder) => await File.ReadAllTextAsync(Path.Combine(folder, "metrics.json"));
}
