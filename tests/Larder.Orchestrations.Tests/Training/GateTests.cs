using Larder.Orchestrations.Training;
using Larder.Orchestrations.Training.Activities;

namespace Larder.Orchestrations.Tests.Training;

public class GateTests
{
    [Theory]
    [InlineData("max", 0.9, null, null, 0.95, true)]
    [InlineData("max", 0.9, null, null, 0.9, true)]
    [InlineData("max", 0.9, null, null, 0.89, false)]
    [InlineData("min", 0.1, null, null, 0.05, true)]
    [InlineData("min", 0.1, null, null, 0.2, false)]
    [InlineData("max", null, 3, 0.95, 0.96, true)]
    [InlineData("max", null, 3, 0.95, 0.94, false)]
    [InlineData("min", null, 3, 0.5, 0.6, false)]
    [InlineData("max", 0.9, 3, 0.95, 0.94, false)]
    [InlineData("max", 0.9, 3, null, 0.94, false)]
    [InlineData("max", 0.9, null, 0.99, 0.94, false)]
    public void A_version_passes_when_it_is_as_good_as_the_threshold_and_as_the_other(
        string direction, double? threshold, int? againstVersion, double? againstValue, double value, bool passes)
    {
        var gate = new GateOptions { Metric = "accuracy", Direction = direction, Threshold = threshold, Against = againstValue is null && againstVersion is null ? null : "champion" };
        var decision = GateTrainedModel.Decide(gate, value, againstVersion, againstValue);
        Assert.Equal(passes, decision.Passed);
        Assert.Equal(value, decision.Value);
        Assert.Equal(againstValue, decision.AgainstValue);
        Assert.EndsWith(".", decision.Reason);
    }

    [Theory]
    [InlineData(null, null, null, "no metric 'accuracy'")]
    [InlineData(0.5, null, null, "no champion to compare with")]
    [InlineData(0.5, 3, null, "no such metric to compare with")]
    public void Without_the_metric_on_either_side_nothing_passes_unless_the_gate_says_so(double? value, int? againstVersion, double? againstValue, string says)
    {
        var gate = new GateOptions { Metric = "accuracy", Threshold = 0, Against = "champion" };
        var decision = GateTrainedModel.Decide(gate, value, againstVersion, againstValue);
        Assert.False(decision.Passed);
        Assert.Contains(says, decision.Reason);
        Assert.Contains("on_missing", decision.Reason);

        Assert.True(GateTrainedModel.Decide(gate with { OnMissing = "pass" }, value, againstVersion, againstValue).Passed);
    }

    [Fact]
    public void A_metric_below_the_threshold_never_passes()
    {
        var gate = new GateOptions { Metric = "accuracy", Threshold = 0.9, Against = "champion", OnMissing = "pass" };
        Assert.False(GateTrainedModel.Decide(gate, 0.5, null, null).Passed);
    }

    [Fact]
    public void The_option_is_in_the_published_schema()
    {
        Assert.Contains("on_missing", TrainOptions.Schema.Json.GetRawText());
        Assert.Throws<Larder.Registry.Errors.InvalidRequestException>(() => TrainOptions.Schema.Read("""{"gate": {"metric": "a", "on_missing": "maybe"}}"""u8.ToArray()));
    }
}
