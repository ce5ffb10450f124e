using Larder.Inference.Images;
using Larder.Inference.Limits;
using Larder.Inference.Settings;
using Larder.Inference.Validation;
using Microsoft.Extensions.Options;

namespace Larder.Inference.Tests.Limits;

public sealed class InferenceLimitsTests
{
    [Fact]
    public void The_defaults_are_valid()
    {
        var validator = new InferenceSettingsValidator();

        Assert.Empty(validator.Problems("Limits", new InferenceLimits()));
        Assert.Empty(validator.Problems("Limits", new ValidationLimits()));
        Assert.Empty(validator.Problems("Limits:Image", new ImageLimits()));
    }

    [Fact]
    public void Every_limit_out_of_range_is_named()
    {
        var limits = new InferenceLimits();
        foreach (var (wrong, name) in new (InferenceLimits, string)[]
        {
            (limits with { LoadedBytes = 0 }, "LoadedBytes"),
            (limits with { ArtifactCacheBytes = -1 }, "ArtifactCacheBytes"),
            (limits with { TensorBytes = 2L << 30 }, "TensorBytes"),
            (limits with { RunBytes = 0 }, "RunBytes"),
            (limits with { RunBytes = 1L << 32 }, "RunBytes"),
            (limits with { OutputBytes = 1L << 31 }, "OutputBytes"),
            (limits with { InFlightBytes = 0 }, "InFlightBytes"),
            (limits with { InFlightWaitSeconds = -1 }, "InFlightWaitSeconds"),
            (limits with { JsonDepth = 0 }, "JsonDepth"),
            (limits with { RunSeconds = 0 }, "RunSeconds"),
            (limits with { RunSeconds = double.NaN }, "RunSeconds"),
            (limits with { QueuedRuns = 0 }, "QueuedRuns"),
            (limits with { LoadRetrySeconds = -1 }, "LoadRetrySeconds"),
        })
        {
            Assert.StartsWith($"Setting Limits:{name}: It must be ", Assert.Single(new InferenceSettingsValidator().Problems("Limits", wrong)));
        }
    }

    [Fact]
    public void A_sentence_says_what_would_be_right_and_what_came()
    {
        var validator = new InferenceSettingsValidator();

        Assert.Equal(
            ["Setting Limits:TensorBytes: It must be from 1024 to 1073741824; got 2147483648.", "Setting Limits:RunSeconds: It must be from 0.001 to 86400; got NaN."],
            validator.Problems("Limits", new InferenceLimits { TensorBytes = 2L << 30, RunSeconds = double.NaN }));
        Assert.Equal(
            "Setting Limits:Image:MaxPixels: It must be at least 1; got -1.",
            Assert.Throws<OptionsValidationException>(() => validator.Check("Limits:Image", new ImageLimits { MaxPixels = -1 })).Message);
    }

    [Fact]
    public void Settings_that_cannot_be_used_are_named()
    {
        Assert.Equal("session.intra_op_threads must be from 1 to 256, or null; got 0.", Error(new SessionSettings { IntraOpThreads = 0 }.Validate));
        Assert.Equal("session.optimization must be none, basic, extended or all; got fast.", Error(new SessionSettings { Optimization = "fast" }.Validate));
        Assert.Equal("batching.max_rows must be from 1 to 65536; got 0.", Error(new BatchingSettings { MaxRows = 0 }.Validate));
        new SessionSettings { IntraOpThreads = 4, Optimization = "basic" }.Validate();
        Assert.Equal("cache.seconds must be from 1 to 2592000; got 0.", Error(new CacheSettings { Seconds = 0 }.Validate));
        Assert.Equal("cache.seconds must be from 1 to 2592000; got 2592001.", Error(new CacheSettings { Seconds = 2_592_001 }.Validate));
        new BatchingSettings().Validate();
        new CacheSettings { Enabled = true, Seconds = 2_592_000 }.Validate();

        static string Error(Action validate) => Assert.Throws<InvalidSettingsException>(validate).Message;
    }
}
