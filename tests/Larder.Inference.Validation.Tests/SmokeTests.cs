using System.Diagnostics;
using Larder.Testing;
using Xunit.Abstractions;
namespace Larder.Inference.Validation.Tests;
public class SmokeTests(ITestOutputHelper o)
{
    [Fact]
    public async Task Smoke()
    {
        await using var v = new ModelValidator(new ValidationLimits { LoadSeconds = 5, TrialMemoryBytes = 1L << 30 });
        var all = new Dictionary<string, Func<byte[]>>{ ["identity"]=()=>OnnxModel.Identity(Datatype.Fp32,-1,4), ["linear"]=()=>OnnxModel.Linear(), ["zipmap"]=()=>OnnxModel.ZipMap(), ["matmul"]=()=>OnnxModel.MatMul(64,2), ["mean"]=()=>OnnxModel.SubtractBatchMean(), ["total"]=()=>OnnxModel.RunningTotal(), ["huge"]=()=>OnnxModel.HugeAllocation(), ["huge2"]=()=>OnnxModel.HugeAllocation(1L<<30),["huge3"]=()=>OnnxModel.HugeAllocation(1L<<27), ["loop"]=()=>OnnxModel.EndlessLoop(), ["linear2"]=()=>OnnxModel.Linear(), ["linear3"]=()=>OnnxModel.Linear(), ["iris"]=()=>File.ReadAllBytes("/work/shared/samples/iris.onnx"), ["clf"]=()=>File.ReadAllBytes("/work/shared/samples/clf.onnx")};
        foreach (var (k, f) in all)
        {
            var p = Path.GetTempFileName(); File.WriteAllBytes(p, f());
            var s = Stopwatch.StartNew();
            try { var d = await v.ValidateAsync(p, default); o.WriteLine($"{k} {s.ElapsedMilliseconds} ms {string.Join(' ', d.Signature.Inputs.Select(i => i.Name + " " + i.TypeName))} -> {string.Join(' ', d.Signature.Outputs.Select(i => i.Name + " " + i.TypeName))} rows {d.RowsAreIndependent} {d.Producer} ir {d.IrVersion}"); }
            catch (InvalidModelException e) { o.WriteLine($"{k} {s.ElapsedMilliseconds} ms REFUSED {e.Message}"); }
        }
    }
}
