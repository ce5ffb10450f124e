using Larder.Host.Blobs;

namespace Larder.Host.Tests.Triggers.Blobs;

public class HandledBlobsTests
{
    private readonly HandledBlobs _handled = new();

    [Fact]
    public void What_was_handled_is_known_as_long_as_sweeps_see_it()
    {
        _handled.Add(1);
        _handled.Add(2);
        for (var sweep = 0; sweep < 3; sweep++)
        {
            Assert.True(_handled.Contains(1));
            _handled.EndSweep();
        }

        Assert.True(_handled.Contains(1));
        Assert.False(_handled.Contains(2));
        Assert.Equal(2, _handled.Count); // 1 in both generations
    }

    [Fact]
    public void What_is_handled_during_a_sweep_is_known_in_the_next()
    {
        _handled.EndSweep();
        _handled.Add(1);
        _handled.EndSweep();

        Assert.True(_handled.Contains(1));
    }

    [Fact]
    public void Receipts_replace_what_was_known()
    {
        _handled.Add(1);

        _handled.Reset([2, 3]);

        Assert.False(_handled.Contains(1));
        Assert.True(_handled.Contains(2));
        Assert.True(_handled.Contains(3));
    }

    [Fact]
    public void It_never_holds_more_than_two_generations()
    {
        for (var sweep = 0; sweep < 3; sweep++)
        {
            for (var key = 0; key < HandledBlobs.Capacity + 1000; key++)
                _handled.Add((UInt128)key);
            _handled.EndSweep();
        }

        Assert.Equal(HandledBlobs.Capacity, _handled.Count);
        Assert.False(_handled.Contains(HandledBlobs.Capacity));
    }

    [Fact]
    public void Another_state_of_a_blob_is_another_blob()
    {
        var one = HandledBlobs.Key("blobreceipts/host/Host.Functions.F/\"0x1\"/uploads/a");
        var other = HandledBlobs.Key("blobreceipts/host/Host.Functions.F/\"0x2\"/uploads/a");

        Assert.NotEqual(one, other);
    }
}
