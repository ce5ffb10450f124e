using Larder.Inference.Images.Tests.Files;
using Larder.Inference.Signatures;
using NetVips;

namespace Larder.Inference.Images.Tests;

[Collection(nameof(Alone))]
public sealed class SetUpTests
{
    [Fact]
    public void The_process_is_set_up_for_a_server_once_an_image_was_decoded()
    {
        Inputs.Of(Datatype.UInt8, 2, 2).Decode<byte>(Png.Write(2, 2, Png.Grey, [1, 2, 3, 4]));
        Assert.Equal(1, NetVips.NetVips.Concurrency);
        Assert.Equal(0, Cache.Max);
        // A loader that libvips does not trust.
        Assert.Throws<VipsException>(() => Image.NewFromBuffer("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"u8));
    }
}
