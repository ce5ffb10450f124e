using Larder.Inference.Validation.Scanning;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Validation.Tests.Scanning;

/// <summary>Holds what <see cref="OnnxSupport"/> says against the ONNX Runtime that is there.</summary>
public sealed class SupportTests
{
    [Fact]
    public void The_newest_IR_version_is_the_newest_that_loads()
    {
        Assert.True(Loads(Scan.Model(irVersion: OnnxSupport.MaxIrVersion)));
        Assert.False(Loads(Scan.Model(irVersion: OnnxSupport.MaxIrVersion + 1)));
    }

    [Fact]
    public void The_newest_operator_sets_are_the_newest_that_load()
    {
        foreach (var (domain, version) in OnnxSupport.MaxOpsets)
        {
            Assert.True(Loads(With(domain, version)), $"{domain} {version}");
            Assert.False(Loads(With(domain, version + 1)), $"{domain} {version + 1}");
        }
    }

    private static OnnxModel With(string domain, long version) =>
        domain == OnnxSupport.DefaultDomain ? Scan.Model(opset: version) : Scan.Model().Opset(domain, version);

    private static bool Loads(OnnxModel model)
    {
        try
        {
            new InferenceSession(model.ToBytes()).Dispose();
            return true;
        }
        catch (OnnxRuntimeException)
        {
            return false;
        }
    }
}
