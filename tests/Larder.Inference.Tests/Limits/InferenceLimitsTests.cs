namespace Larder.Inference.Tests.Limits;

public sealed class InferenceLimitsTests
{
    [Fact]
    public void The_defaults_are_valid() => new InferenceLimits().Validate();

    [Fact]
    public void Every_limit_out_of_range_is_named()
    {
        var limits = new InferenceLimits();
        foreach (var (wrong, name) in new (InferenceLimits, string)[]
        {
            (limits with { LoadedBytes = 0 }, "LoadedBytes"),
            (limits with { ArtifactCacheBytes = -1 }, "ArtifactCacheBytes"),
            (limits with { TensorBytes = 2L << 30 }, "TensorBytes"),
            (limits with { JsonDepth = 0 }, "JsonDepth"),
            (limits with { RunSeconds = 0 }, "RunSeconds"),
            (limits with { RunSeconds = double.NaN }, "RunSeconds"),
            (limits with { QueuedRuns = 0 }, "QueuedRuns"),
            (limits with { LoadRetrySeconds = -1 }, "LoadRetrySeconds"),
        })
        {
            Assert.StartsWith($"Limits:{name} must be ", Assert.Throws<ArgumentException>(wrong.Validate).Message);
        }
    }

    [Fact]
    public void Settings_that_cannot_be_used_are_named()
    {
        Assert.Equal("session.intra_op_threads must be from 1 to 256, or null; got 0.", Error(new SessionSettings { IntraOpThreads = 0 }.Validate));
        Assert.Equal("session.optimization must be none, basic, extended or all; got fast.", Error(new SessionSettings { Optimization = "fast" }.Validate));
        Assert.Equal("batching.max_rows must be from 1 to 65536; got 0.", Error(new BatchingSettings { MaxRows = 0 }.Validate));
        new SessionSettings { IntraOpThreads = 4, Optimization = "basic" }.Validate();
        new BatchingSettings().Validate();

        static string Error(Action validate) => Assert.Throws<InvalidSettingsException>(validate).Message;
    }
}
