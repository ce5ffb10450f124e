using System.Text.Json;
using Larder.Orchestrations.Jobs;

namespace Larder.Orchestrations.Tests.Jobs;

public sealed class MetricsFileTests
{
    [Theory]
    [InlineData("""{"accuracy": 0.5, "loss": 1e-3}""", "accuracy=0.5 loss=0.001", null)]
    [InlineData("""{"accuracy": "high", "loss": 1}""", "loss=1", "'accuracy'")]
    [InlineData("""{"accuracy": {"mean": NaN}, "loss": 1}""", "loss=1", "'accuracy'")]
    [InlineData("""{"accuracy": [NaN, 1], "loss": 1}""", "loss=1", "'accuracy'")]
    [InlineData("""{"accuracy": 1e999, "loss": null, "f1": true}""", "", "'accuracy', 'loss', 'f1'")]
    [InlineData("""{"accuracy": NaN, "f1": -Infinity, "auc":Infinity, "loss": 1}""", "loss=1", "'accuracy', 'f1', 'auc'")]
    [InlineData("""{"\"NaN": 2, "a\\": NaN, "Infinity": 3}""", "\"NaN=2 Infinity=3", "'a\\'")]
    public void A_value_that_is_no_finite_number_is_left_out_alone_and_named(string json, string kept, string? dropped)
    {
        var read = MetricsFile.Parse(BinaryData.FromString(json));

        Assert.Equal(kept, string.Join(' ', read.Metrics.Select(metric => FormattableString.Invariant($"{metric.Key}={metric.Value}"))));
        Assert.Equal(dropped is null ? null : $"metrics.json has values that are not finite numbers, which were left out: {dropped}.", read.Note);
    }

    [Theory]
    [InlineData("""{"accuracy": 1""")]
    [InlineData("""{"accuracy": NaNny}""")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("NaN")]
    [InlineData("")]
    public void A_file_that_is_no_object_is_refused_whole(string json) =>
        Assert.Throws<JsonException>(() => MetricsFile.Parse(BinaryData.FromString(json)));
}
