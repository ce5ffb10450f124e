using Larder.Inference.Batching;

namespace Larder.Inference.Tests.Batching;

public sealed class RunTimeTests
{
    [Fact]
    public void The_first_run_is_not_typical()
    {
        var time = new RunDurationEstimate();
        time.Add(TimeSpan.FromSeconds(1));
        Assert.Equal(0, time.Seconds);
        time.Add(TimeSpan.FromMilliseconds(2));
        Assert.Equal(0.002, time.Seconds);
    }

    [Fact]
    public void One_slow_run_hardly_shows_and_many_do()
    {
        var time = new RunDurationEstimate();
        for (var i = 0; i < 2; i++)
            time.Add(TimeSpan.FromMicroseconds(5));
        time.Add(TimeSpan.FromSeconds(1));
        Assert.Equal(5.1e-6, time.Seconds, 1e-9);

        for (var i = 0; i < 300; i++)
            time.Add(TimeSpan.FromMicroseconds(100));
        Assert.Equal(100e-6, time.Seconds, 1e-9);
        time.Add(TimeSpan.FromMicroseconds(7));
        Assert.Equal(7e-6, time.Seconds, 1e-9);
    }
}
