using Grpc.Core;
using Larder.Grpc.Protocol;

namespace Larder.Bench.Floor;

/// <summary>The gRPC service as Grpc.Tools generates it, with a ModelInfer that answers the request's tensors.</summary>
internal sealed class EchoService : GRPCInferenceService.GRPCInferenceServiceBase
{
    public override Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var response = new ModelInferResponse { ModelName = request.ModelName, ModelVersion = request.ModelVersion, Id = request.Id };
        foreach (var input in request.Inputs)
            response.Outputs.Add(new ModelInferResponse.Types.InferOutputTensor { Name = input.Name, Datatype = input.Datatype, Shape = { input.Shape } });
        response.RawOutputContents.AddRange(request.RawInputContents);
        return Task.FromResult(response);
    }
}
