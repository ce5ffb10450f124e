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
    [InlineData("max", 0.9, 3, null, 0.94, true)]
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

    [Fact]
    public void Without_the_metric_nothing_passes()
    {
        var decision = GateTrainedModel.Decide(new GateOptions { Metric = "f1", Threshold = 0 }, null, null, null);
        Assert.False(decision.Passed);
        Assert.Contains("'f1'", decision.Reason);
    }

    [Fact]
    public void The_decision_says_that_there_was_nothing_to_compare_with()
    {
        var gate = new GateOptions { Metric = "accuracy", Against = "champion" };
        Assert.Contains("no champion", GateTrainedModel.Decide(gate, 0.5, null, null).Reason);
        Assert.Contains("no such metric", GateTrainedModel.Decide(gate, 0.5, 3, null).Reason);
    }
}
