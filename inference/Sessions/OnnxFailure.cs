using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference;

/// <summary>Turns ONNX Runtime's exceptions into ours.</summary>
internal static class OnnxFailure
{
    public static Exception FromRun(OnnxRuntimeException failure, ServableModel model) =>
        new InvalidInputException(failure.Message);
}
