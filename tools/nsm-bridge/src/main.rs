//! A Nitro Security Module for a virtual machine: a vhost-user device of virtio type 33 that hands
//! each raw request of the guest's kernel to a Unix socket, as 4 bytes of length, big-endian, and the
//! CBOR, and hands the answer back. `nsm-bridge <socket for QEMU> <socket of the module>`; ends when
//! QEMU does.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

use vhost::vhost_user::message::{VhostUserProtocolFeatures, VhostUserVirtioFeatures};
use vhost_user_backend::{VhostUserBackendMut, VhostUserDaemon, VringRwLock, VringT};
use virtio_bindings::virtio_config::VIRTIO_F_VERSION_1;
use virtio_queue::QueueT;
use vm_memory::{Bytes, GuestAddressSpace, GuestMemoryAtomic, GuestMemoryMmap};
use vmm_sys_util::epoll::EventSet;
use vmm_sys_util::eventfd::{EventFd, EFD_NONBLOCK};

/// Events up to the number of queues have a meaning of their own.
const BELL: u64 = 2;
const QUEUE_SIZE: usize = 64;
/// What the kernel's driver sends and takes at most.
const MAX_REQUEST: usize = 0x1000;
const MAX_RESPONSE: usize = 0x3000;
const DEADLINE: Duration = Duration::from_secs(10);
/// {"Error": "InternalError"}, as the real module answers what it cannot do.
const INTERNAL_ERROR: &[u8] = b"\xa1\x65Error\x6dInternalError";

struct SecurityModule {
    memory: Option<GuestMemoryAtomic<GuestMemoryMmap>>,
    socket: PathBuf,
    connection: Option<UnixStream>,
    /// A request that waits for the buffer of its answer, and its chain.
    pending: Option<(u16, Vec<u8>)>,
    served: Arc<AtomicBool>,
}

impl SecurityModule {
    fn exchange(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => UnixStream::connect(&self.socket)?,
        };
        connection.set_read_timeout(Some(DEADLINE))?;
        connection.set_write_timeout(Some(DEADLINE))?;
        let mut frame = (request.len() as u32).to_be_bytes().to_vec();
        frame.extend_from_slice(request);
        connection.write_all(&frame)?;
        let mut length = [0; 4];
        connection.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length == 0 || length > MAX_RESPONSE {
            return Err(Error::new(
                ErrorKind::InvalidData,
                "a frame of a wrong length",
            ));
        }
        let mut response = vec![0; length];
        connection.read_exact(&mut response)?;
        self.connection = Some(connection);
        Ok(response)
    }

    /// A connection that the other side has closed in between is opened once more.
    fn answer(&mut self, request: &[u8]) -> Vec<u8> {
        if request.is_empty() || request.len() > MAX_REQUEST {
            return INTERNAL_ERROR.to_vec();
        }
        let kept = self.connection.is_some();
        let mut result = self.exchange(request);
        if kept && matches!(&result, Err(error) if gone(error.kind())) {
            result = self.exchange(request);
        }
        result.unwrap_or_else(|error| {
            eprintln!("nsm-bridge: no answer from the security module: {error}");
            INTERNAL_ERROR.to_vec()
        })
    }

    fn process(&mut self, vring: &VringRwLock) -> Result<()> {
        let Some(memory) = self.memory.as_ref().map(|memory| memory.memory()) else {
            return Ok(());
        };
        let mut used = false;
        loop {
            let chain = vring
                .get_mut()
                .get_queue_mut()
                .pop_descriptor_chain(memory.clone());
            let Some(chain) = chain else { break };
            let head = chain.head_index();
            let (mut request, mut room) = (Vec::new(), Vec::new());
            for descriptor in chain {
                let (address, length) = (descriptor.addr(), descriptor.len() as usize);
                if descriptor.is_write_only() {
                    room.push((address, length));
                    continue;
                }
                let start = request.len();
                if start + length > MAX_REQUEST {
                    request.clear();
                    break;
                }
                request.resize(start + length, 0);
                memory
                    .read_slice(&mut request[start..], address)
                    .map_err(Error::other)?;
            }
            if room.is_empty() {
                self.pending = Some((head, request)); // its answer's buffer comes in a chain of its own
                continue;
            }
            if let Some((head, sent)) = self.pending.take() {
                vring.add_used(head, 0).map_err(Error::other)?;
                request = sent;
            }
            let response = self.answer(&request);
            let mut written = 0;
            for (address, length) in room {
                let part = &response[written..response.len().min(written + length)];
                memory.write_slice(part, address).map_err(Error::other)?;
                written += part.len();
            }
            vring.add_used(head, written as u32).map_err(Error::other)?;
            used = true;
            self.served.store(true, Ordering::Relaxed);
        }
        if used {
            vring.signal_used_queue()?;
        }
        Ok(())
    }
}

fn gone(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof
    )
}

impl VhostUserBackendMut for SecurityModule {
    type Bitmap = ();
    type Vring = VringRwLock;

    fn num_queues(&self) -> usize {
        1
    }

    fn max_queue_size(&self) -> usize {
        QUEUE_SIZE
    }

    fn features(&self) -> u64 {
        1 << VIRTIO_F_VERSION_1 | VhostUserVirtioFeatures::PROTOCOL_FEATURES.bits()
    }

    fn protocol_features(&self) -> VhostUserProtocolFeatures {
        VhostUserProtocolFeatures::MQ
    }

    fn set_event_idx(&mut self, _enabled: bool) {}

    fn update_memory(&mut self, memory: GuestMemoryAtomic<GuestMemoryMmap>) -> Result<()> {
        self.memory = Some(memory);
        Ok(())
    }

    fn handle_event(
        &mut self,
        _event: u16,
        _set: EventSet,
        vrings: &[VringRwLock],
        _thread: usize,
    ) -> Result<()> {
        vrings.iter().try_for_each(|vring| self.process(vring))
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [device, socket] = paths.as_slice() else {
        return Err("usage: nsm-bridge <socket for QEMU> <socket of the security module>".into());
    };
    let served = Arc::new(AtomicBool::new(false));
    let module = SecurityModule {
        memory: None,
        socket: socket.clone(),
        connection: None,
        pending: None,
        served: served.clone(),
    };
    let memory = GuestMemoryAtomic::new(GuestMemoryMmap::new());
    let mut daemon = VhostUserDaemon::new("nsm".into(), Arc::new(RwLock::new(module)), memory)
        .map_err(|error| format!("{error}"))?;
    let bell = EventFd::new(EFD_NONBLOCK)?;
    for handler in daemon.get_epoll_handlers() {
        handler.register_listener(
            bell.as_raw_fd(),
            EventSet::EDGE_TRIGGERED | EventSet::IN,
            BELL,
        )?;
    }
    thread::spawn(move || ring(&bell, &served));
    daemon
        .serve(device)
        .map_err(|error| format!("{error}").into())
}

/// The driver's first kick comes while it is probed, and is lost when QEMU enables the queue after it:
/// the queue is looked at anyway until it has had something.
fn ring(bell: &EventFd, served: &AtomicBool) {
    while !served.load(Ordering::Relaxed) {
        let _ = bell.write(1);
        thread::sleep(Duration::from_millis(20));
    }
}
