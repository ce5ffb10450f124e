using Larder.Registry.Errors;

namespace Larder.Tracking.Tests;

/// <summary>MLflow's limits and rules for names, with its sentences.</summary>
public sealed class TrackingRulesTests
{
    private const string Characters = "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).";

    [Theory]
    [InlineData("loss")]
    [InlineData("val/loss")]
    [InlineData("val loss")]
    [InlineData("a.b-c_d:e")]
    [InlineData("größe")]
    [InlineData("a..b")]
    public void A_key_may_be(string key)
    {
        TrackingRules.RequireMetric(key, "");
        TrackingRules.RequireParam(key, "", "");
        TrackingRules.RequireTag(key, "", "");
    }

    [Theory]
    [InlineData("a$b", Characters)]
    [InlineData("a\nb", null)]
    [InlineData("a\\b", Characters)]
    [InlineData("a\u0000", Characters)]
    [InlineData("", "This name would resolve to \".\"")]
    [InlineData(".", "This name would resolve to \".\"")]
    [InlineData("..", "This name would resolve to \"..\"")]
    [InlineData("../a", "This name would resolve to \"../a\"")]
    [InlineData("a/../b", "This name would resolve to \"b\"")]
    [InlineData("a/../../b", "This name would resolve to \"../b\"")]
    [InlineData("/a", "This name would resolve to \"/a\"")]
    [InlineData("//a", "This name would resolve to \"//a\"")]
    [InlineData("a/", "This name would resolve to \"a\"")]
    [InlineData("a//b", "This name would resolve to \"a/b\"")]
    [InlineData("./a", "This name would resolve to \"a\"")]
    public void A_key_may_not_be(string key, string? end)
    {
        foreach (var (path, refused) in new[]
        {
            ("metrics[3].name", Assert.Throws<InvalidRequestException>(() => TrackingRules.RequireMetric(key, "metrics[3]"))),
            ("params[3].key", Assert.Throws<InvalidRequestException>(() => TrackingRules.RequireParam(key, "", "params[3]"))),
            ("tags[3].key", Assert.Throws<InvalidRequestException>(() => TrackingRules.RequireTag(key, "", "tags[3]"))),
            ("key", Assert.Throws<InvalidRequestException>(() => TrackingRules.RequireExperimentTag(key, "", ""))),
        })
        {
            Assert.StartsWith("Invalid value \"", refused.Message, StringComparison.Ordinal);
            Assert.Contains($"for parameter '{path}' supplied: ", refused.Message, StringComparison.Ordinal);
            if (end is not null)
                Assert.EndsWith(end, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Lengths_are_limited()
    {
        TrackingRules.RequireMetric(new string('x', 250), "");
        TrackingRules.RequireParam("x", new string('x', 6000), "");
        TrackingRules.RequireTag("x", new string('x', 8000), "");
        TrackingRules.RequireExperimentTag("x", new string('x', 5000), "");
        TrackingRules.RequireExperimentName(new string('x', 500));

        Assert.Equal("'name' exceeds the maximum length of 250 characters", Message(() => TrackingRules.RequireMetric(new string('x', 251), "")));
        Assert.Equal("'params[1].value' exceeds the maximum length of 6000 characters", Message(() => TrackingRules.RequireParam("x", new string('x', 6001), "params[1]")));
        Assert.Equal("'value' exceeds the maximum length of 8000 characters", Message(() => TrackingRules.RequireTag("x", new string('x', 8001), "")));
        Assert.Equal("'value' exceeds the maximum length of 5000 characters", Message(() => TrackingRules.RequireExperimentTag("x", new string('x', 5001), "")));
        Assert.Equal("Experiment name exceeds the maximum length of 500 characters", Message(() => TrackingRules.RequireExperimentName(new string('x', 501))));
        Assert.Equal("Invalid experiment name: ''", Message(() => TrackingRules.RequireExperimentName("")));
    }

    [Theory]
    [InlineData(1001, 0, 0, "A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across multiple requests and try again.")]
    [InlineData(0, 101, 0, "A batch logging request can contain at most 100 params. Got 101 params. Please split up params across multiple requests and try again.")]
    [InlineData(0, 0, 101, "A batch logging request can contain at most 100 tags. Got 101 tags. Please split up tags across multiple requests and try again.")]
    [InlineData(901, 50, 50, "A batch logging request can contain at most 1000 metrics, params, and tags. Got 1001 metrics, params, and tags. Please split up metrics, params, and tags across multiple requests and try again.")]
    public void A_batch_is_limited(int metrics, int parameters, int tags, string sentence)
    {
        TrackingRules.RequireBatch(Math.Min(metrics, 900), Math.Min(parameters, 50), Math.Min(tags, 50));

        Assert.Equal(sentence, Message(() => TrackingRules.RequireBatch(metrics, parameters, tags)));
    }

    [Fact]
    public void Params_are_given_once()
    {
        TrackingRules.RequireOnce(["a", "b"]);

        Assert.Equal(
            "Duplicate parameter keys have been submitted: ['a', 'b']. Please ensure the request contains only one param value per param key.",
            Message(() => TrackingRules.RequireOnce(["a", "b", "a", "c", "b"])));
    }

    [Theory]
    [InlineData("../etc")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\n")]
    public void Ids_have_no_other_characters(string id)
    {
        Assert.StartsWith("Invalid value \"", Message(() => TrackingRules.RequireRunId(id)), StringComparison.Ordinal);
        Assert.Equal($"Invalid experiment ID: '{id}'", Message(() => TrackingRules.RequireExperimentId(id)));
    }

    private static string Message(Action act) => Assert.Throws<InvalidRequestException>(act).Message;
}
