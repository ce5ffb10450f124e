using Larder.Inference.Validation.Sandbox;

namespace Larder.Inference.Validation.Tests.Sandbox;

public sealed class RuntimeMessageTests
{
    [Theory]
    [InlineData(
        "[ErrorCode:Fail] /onnxruntime_src/onnxruntime/core/graph/model.cc:181 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&, const onnxruntime::IOnnxRuntimeOpSchemaRegistryList*) Missing opset in the model.\n",
        "Missing opset in the model.")]
    [InlineData(
        "[ErrorCode:Fail] /onnxruntime_src/onnxruntime/core/graph/model_load_utils.h:46 void onnxruntime::model_load_utils::ValidateOpsetForDomain(const std::unordered_map<std::__cxx11::basic_string<char>, int>&, bool, int) Opset 27 is under development.",
        "Opset 27 is under development.")]
    [InlineData(
        "[ErrorCode:Fail] Exception during initialization: /onnxruntime_src/onnxruntime/core/optimizer/initializer.cc:51 onnxruntime::Initializer::Initializer(const onnx::TensorProto&, const std::filesystem::__cxx11::path&) [ONNXRuntimeError] : 1 : FAIL : tensorprotoutils.cc:1459 ValidateSize Initializer 'w': raw_data size (4 bytes) does not match (8 bytes)",
        "Initializer 'w': raw_data size (4 bytes) does not match (8 bytes).")]
    [InlineData(
        "[ErrorCode:Fail] Non-zero status code returned while running Div node. Name:'/model/Div' Status Message: element_wise_ops.cc:692 Compute Integer division by zero",
        "Non-zero status code returned while running Div node. Name:'/model/Div' Status Message: Integer division by zero.")]
    [InlineData("element_wise_ops.cc:2256 operator() Integer modulo by zero", "Integer modulo by zero.")]
    [InlineData(
        "string_normalizer.cc:235 onnxruntime::Locale::Locale(const std::string&)::<lambda()> Failed to construct locale",
        "Failed to construct locale.")]
    [InlineData(
        "/onnxruntime_src/onnxruntime/core/providers/cpu/rnn/rnn.h:48 onnxruntime::RNN<T>::RNN(const onnxruntime::OpKernelInfo&) [with T = float] layout_ == 0 was false. Not supported!",
        "layout_ == 0 was false. Not supported!")]
    [InlineData(
        "C:\\a\\_work\\1\\s\\onnxruntime\\core\\graph\\graph.cc:12 onnxruntime::Graph::Resolve() const Bad\u001b[0m graph\u0007",
        "Bad graph.")]
    [InlineData("Load model from /data/staging/x.onnx failed:Fatal error: a:B(-1) is not a registered function/op", "a:B(-1) is not a registered function/op.")]
    [InlineData("Cannot open /data/staging/y.bin at 0x7ffd12345678\nStacktrace:\n#0 main", "Cannot open /y.bin at.")]
    [InlineData("file.cc:1", "no reason was given.")]
    [InlineData("file.cc:1 f(", "no reason was given.")]
    [InlineData("", "no reason was given.")]
    public void Source_files_signatures_addresses_and_paths_are_gone(string message, string sentence) =>
        Assert.Equal(sentence, RuntimeMessage.Clean(message, "/data/staging/x.onnx"));

    [Fact]
    public void A_long_text_is_cut() => Assert.Equal(new string('x', 400) + "…", RuntimeMessage.Clean(new string('x', 100_000)));
}
