using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection;
using Larder.Functions.Access;
using Larder.Grpc.Protocol;
using Larder.Registry.Access;

namespace Larder.Grpc;

/// <summary>Tells clients such as grpcurl what services there are (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md): open to everyone, as <c>/help</c> is.</summary>
internal sealed class ReflectionService() : ReflectionV1ServiceImpl(Described.Services)
{
    /// <inheritdoc />
    [Requires(Role.None)]
    public override Task ServerReflectionInfo(
        IAsyncStreamReader<global::Grpc.Reflection.V1.ServerReflectionRequest> requestStream,
        IServerStreamWriter<global::Grpc.Reflection.V1.ServerReflectionResponse> responseStream,
        ServerCallContext context) => base.ServerReflectionInfo(requestStream, responseStream, context);
}

/// <summary>The same under the name that older clients ask for.</summary>
internal sealed class ReflectionAlphaService() : ReflectionServiceImpl(Described.Services)
{
    /// <inheritdoc />
    [Requires(Role.None)]
    public override Task ServerReflectionInfo(
        IAsyncStreamReader<global::Grpc.Reflection.V1Alpha.ServerReflectionRequest> requestStream,
        IServerStreamWriter<global::Grpc.Reflection.V1Alpha.ServerReflectionResponse> responseStream,
        ServerCallContext context) => base.ServerReflectionInfo(requestStream, responseStream, context);
}

/// <summary>The services that reflection describes.</summary>
internal static class Described
{
    public static readonly ServiceDescriptor[] Services =
    [
        InferenceReflection.Descriptor.Services[0],
        HealthReflection.Descriptor.Services[0],
        global::Grpc.Reflection.V1.ReflectionReflection.Descriptor.Services[0],
        global::Grpc.Reflection.V1Alpha.ReflectionReflection.Descriptor.Services[0],
    ];
}
